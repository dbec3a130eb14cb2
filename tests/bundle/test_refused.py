"""What a bundle must not have: each fault is named, placed, and refuses the whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from policy_engine import BundleError, PolicyEngine, load_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Files

APP = "arn:aws:iam::111122223333:role/app"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}],
}
IDENTITY: dict[str, Any] = {"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
GRANT = {"GrantId": "g", "GranteePrincipal": APP, "Operations": ["Decrypt"]}


def key(**changed: object) -> dict[str, Any]:
    return {"keys": [{"Arn": KEY, "Policy": POLICY, **changed}]}


def principal(**changed: object) -> dict[str, Any]:
    return {"principals": [{"Arn": APP, **changed}]}


def named(**changed: object) -> dict[str, Any]:
    return principal(IdentityPolicies=[{"PolicyName": "p", **changed}])


NATIVE: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown field": ({"key": []}, ["unknown-field"]),
    "an unknown field further in": (key(Grnts=[]), ["unknown-field"]),
    "a field in another case": (key(kmsSpec="x"), ["unknown-field"]),
    "a field that is missing": ({"keys": [{"Policy": POLICY}]}, ["missing-field"]),
    "no policy": ({"keys": [{"Arn": KEY}]}, ["missing-field"]),
    "two policies": (key(PolicyFile="p.json"), ["element-conflict", "unreadable-file"]),
    "a wrong type": (key(Aliases="alias/a"), ["wrong-type"]),
    "a number for text": ({"keys": [{"Arn": 1, "Policy": POLICY}]}, ["wrong-type"]),
    "text for a boolean": (key(MultiRegion="true"), ["wrong-type"]),
    "a policy that is a list": (key(Policy=[]), ["wrong-type"]),
    "a policy text that is no JSON": (key(Policy="{"), ["unexpected-end"]),
    "a policy with a duplicate key": (key(Policy='{"Statement": [], "Statement": []}'), ["duplicate-key"]),
    "a policy with an unknown element": (key(Policy={**POLICY, "Principle": 1}), ["unknown-element"]),
    "an alias that is none": (key(Aliases=["orders"]), ["invalid-alias"]),
    "an ARN that is no key's": (key(Arn=KEY.replace("key/", "alias/")), ["invalid-arn"]),
    "a principal that is none": ({"principals": [{"Arn": "role/app"}]}, ["invalid-arn"]),
    "a group that is none": ({"groups": [{"Arn": APP}]}, ["invalid-arn"]),
    "policies at a session": (
        {
            "principals": [
                {
                    "Arn": "arn:aws:sts::111122223333:assumed-role/app/s",
                    "IdentityPolicies": [{"PolicyName": "p", "PolicyDocument": IDENTITY}],
                }
            ]
        },
        ["misplaced-policies"],
    ),
    "a group that is not defined": (
        principal(Groups=["arn:aws:iam::111122223333:group/g"]),
        ["unknown-group"],
    ),
    "an identity policy without a document": (named(), ["missing-field"]),
    "an identity policy with a Principal": (
        named(
            PolicyDocument={
                "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]
            }
        ),
        ["element-not-allowed"],
    ),
    "an operator that is not supported": (
        named(
            PolicyDocument={
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Action": "*",
                        "Resource": "*",
                        "Condition": {"StringSimilar": {"aws:x": "y"}},
                    }
                ]
            }
        ),
        ["unknown-operator"],
    ),
    "an absolute path": (named(PolicyDocumentFile="/etc/hostname"), ["absolute-path"]),
    "a file that is not there": (named(PolicyDocumentFile="no.json"), ["unreadable-file"]),
    "a folder as a file": (named(PolicyDocumentFile="."), ["unreadable-file"]),
    "an account that is none": (
        {"organization": {"ServiceControlPolicies": {"1111": [[IDENTITY]]}}},
        ["invalid-account"],
    ),
    "an endpoint that is none": ({"vpc_endpoints": {"0abc": POLICY}}, ["invalid-id"]),
    "the role of a role": (principal(RoleArn=APP), ["misplaced-policies"]),
    "two grantees": (
        key(Grants=[{**GRANT, "GranteeServicePrincipal": "a.amazonaws.com"}]),
        ["element-conflict"],
    ),
    "two who retire": (
        key(Grants=[{**GRANT, "RetiringPrincipal": APP, "RetiringServicePrincipal": "a.amazonaws.com"}]),
        ["element-conflict"],
    ),
    "a grant without a grantee": (key(Grants=[{"GrantId": "g", "Operations": []}]), ["missing-field"]),
    "a grant on another key": (key(Grants=[{**GRANT, "KeyId": KEY[:-1] + "c"}]), ["wrong-key"]),
    "a grant twice": (key(Grants=[GRANT, GRANT]), ["duplicate-definition"]),
    "a time without a zone": (
        key(Grants=[{**GRANT, "CreationDate": "2026-11-02T16:41:08"}]),
        ["wrong-value"],
    ),
    "a time that is none": (key(Grants=[{**GRANT, "CreationDate": "soon"}]), ["wrong-value"]),
    "another version of the form": ({"schema": "kmsgate/bundle/2"}, ["wrong-value"]),
}


@pytest.mark.parametrize("case", NATIVE)
def test_native(files: Files, case: str) -> None:
    content, codes = NATIVE[case]
    files.native(**content)
    assert files.codes() == codes


def test_an_unknown_field_says_what_was_meant_and_where(files: Files) -> None:
    line = f' "keys": [{{"Arn": "{KEY}", "Polcy": {{}}}}]}}'
    files.put("b.json", '{"schema": "kmsgate/bundle/1",\n' + line)
    missing, unknown = files.faults()
    assert (unknown.message, unknown.help) == ("there is no field `Polcy` here", "did you mean `Policy`?")
    assert files.place(unknown) == ("b.json", 2, line.index('"Polcy"') + 1)
    assert files.place(missing) == ("b.json", 2, 11)


@pytest.mark.parametrize("field", ["UserDetaiList", "Foo"])
def test_what_the_cli_does_not_print_is_refused(files: Files, field: str) -> None:
    files.put("a.json", {"UserDetailList": [], field: []})
    assert files.codes() == ["unknown-field"]


def test_two_keys_in_a_folder(files: Files, key_folder: Callable[..., None]) -> None:
    key_folder()
    other = KEY[:-1] + "c"
    files.put("key/second.json", {"KeyMetadata": {"KeyId": other[-36:], "Arn": other}})
    assert files.codes() == ["several-keys-in-folder"]


def test_dumps_without_a_key(files: Files, key_folder: Callable[..., None]) -> None:
    key_folder(describe=None)
    assert files.codes() == ["no-key-in-folder"]


def test_a_key_without_its_policy(files: Files, key_folder: Callable[..., None]) -> None:
    key_folder(policy=None)
    assert files.codes() == ["missing-policy"]


@pytest.mark.parametrize("name", ["grants", "aliases", "tags"])
def test_a_list_that_was_cut_off(files: Files, key_folder: Callable[..., None], name: str) -> None:
    lists: dict[str, dict[str, object]] = {
        "grants": {"Grants": []},
        "aliases": {"Aliases": []},
        "tags": {"Tags": []},
    }
    key_folder(**{name: {**lists[name], "Truncated": True, "NextMarker": "x"}})
    assert files.codes() == ["incomplete-dump"]


def test_a_dump_twice(files: Files, key_folder: Callable[..., None]) -> None:
    key_folder(one={"Grants": []}, two={"Grants": []})
    assert files.codes() == ["duplicate-definition"]


def test_a_policy_of_another_name(files: Files, key_folder: Callable[..., None]) -> None:
    key_folder(other={"Policy": json.dumps(POLICY), "PolicyName": "second"})
    assert files.codes() == ["unknown-policy-name"]


USER = {"UserName": "bob", "UserId": "AIDA1EXAMPLEBOB00001", "Arn": "arn:aws:iam::111122223333:user/bob"}
BOUNDARY = {
    "PermissionsBoundaryType": "Policy",
    "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/B",
}
ATTACHED = {"PolicyName": "P", "PolicyArn": "arn:aws:iam::111122223333:policy/P"}
ACCOUNTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a boundary that is not there": ({"UserDetailList": [{**USER, "PermissionsBoundary": BOUNDARY}]}, ["unresolved-policy"]),
    "a policy that is not there": ({"UserDetailList": [{**USER, "AttachedManagedPolicies": [ATTACHED]}]}, ["unresolved-policy"]),
    "a group that is not there": ({"UserDetailList": [{**USER, "GroupList": ["g"]}]}, ["unknown-group"]),
    "a tag twice": ({"UserDetailList": [{**USER, "Tags": [{"Key": "k", "Value": "v"}] * 2}]}, ["duplicate-key"]),
    "a dump that was cut off": ({"UserDetailList": [USER], "IsTruncated": True, "Marker": "x"}, ["incomplete-dump"]),
    "no default version": (
        {"Policies": [{"PolicyName": "P", "Arn": ATTACHED["PolicyArn"], "PolicyVersionList": []}]},
        ["no-default-version"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCOUNTS)
def test_account(files: Files, case: str) -> None:
    content, codes = ACCOUNTS[case]
    files.put("a.json", content)
    assert files.codes() == codes


def test_an_aws_managed_policy_that_is_not_there_is_a_warning(files: Files) -> None:
    attached = {
        "PolicyName": "AdministratorAccess",
        "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
    }
    files.put("a.json", {"UserDetailList": [{**USER, "AttachedManagedPolicies": [attached]}]})
    (warning,) = files.load().diagnostics
    assert (warning.code, warning.severity) == ("unresolved-policy", "warning")
    assert "its permissions are unknown" in warning.message
    assert files.place(warning) == ("a.json", 8, 9)


def test_two_definitions_that_differ_name_both_places(files: Files) -> None:
    files.native("a.json", **key(Tags={"a": "1"}))
    files.native("b.json", **key(Tags={"a": "2"}))
    (fault,) = files.faults()
    assert fault.code == "duplicate-definition"
    assert files.place(fault) == ("b.json", 4, 5)
    ((first, _),) = fault.related
    assert first.file == str(files.root / "a.json")
    assert str(first) in fault.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (principal(Id="AROA1EXAMPLEAPP00001"), principal(Id="AROA1EXAMPLEAPP00002")),
        ({"organization": {"Id": "o-a"}}, {"organization": {"Id": "o-b"}}),
        (
            {"groups": [{"Arn": "arn:aws:iam::111122223333:group/g"}]},
            {
                "groups": [
                    {
                        "Arn": "arn:aws:iam::111122223333:group/g",
                        "IdentityPolicies": [{"PolicyName": "p", "PolicyDocument": IDENTITY}],
                    }
                ]
            },
        ),
        ({"vpc_endpoints": {"vpce-1": POLICY}}, {"vpc_endpoints": {"vpce-1": {**POLICY, "Id": "other"}}}),
        (key(Grants=[GRANT]), key(Grants=[{**GRANT, "Operations": ["Encrypt"]}])),
    ],
    ids=["principal", "organization", "group", "endpoint", "grant"],
)
def test_contradictions(files: Files, one: dict[str, Any], other: dict[str, Any]) -> None:
    files.native("a.json", **one)
    files.native("b.json", **other)
    assert files.codes() == ["duplicate-definition"]
    files.native("b.json", **one)
    assert load_bundle(files.root).diagnostics == ()


def test_an_operation_that_does_not_exist_is_a_warning(files: Files) -> None:
    files.native(**key(Grants=[{**GRANT, "Operations": ["decrypt"]}]))
    (warning,) = files.load().diagnostics
    assert (warning.code, warning.help) == ("unknown-operation", "did you mean `Decrypt`?")


def test_a_grantee_that_is_no_principal_is_a_warning(files: Files) -> None:
    files.native(**key(Grants=[{**GRANT, "GranteePrincipal": "AWS Internal"}]))
    assert [(d.code, d.severity) for d in files.load().diagnostics] == [("unknown-grantee", "warning")]


def test_without_strict_the_rest_is_kept_and_the_faults_are_told(files: Files) -> None:
    files.native("a.json", **key())
    files.put("b.json", "{")
    bundle = load_bundle(files.root, strict=False)
    assert set(bundle.keys) == {KEY}
    assert [d.code for d in bundle.diagnostics] == ["unexpected-end"]
    with pytest.raises(BundleError):
        load_bundle(files.root)


def test_no_engine_decides_from_what_was_loaded_in_part(files: Files) -> None:
    files.native(**key())
    files.native("b.json", **principal(PermissionsBoundary={}))
    with pytest.raises(BundleError, match="nothing is decided") as caught:
        PolicyEngine(load_bundle(files.root, strict=False))
    first, *others = caught.value.diagnostics
    assert (first.code, first.help is not None) == ("incomplete-bundle", True)
    assert [d.code for d in others] == ["missing-element"]


def test_mild_findings_keep_no_engine_from_deciding(files: Files) -> None:
    files.native(**key(Grants=[{**GRANT, "GranteePrincipal": "AWS Internal"}]))
    bundle = load_bundle(files.root, strict=False)
    assert bundle.diagnostics
    assert PolicyEngine(bundle).keys == (KEY,)


def test_mild_findings_are_in_the_bundle(files: Files) -> None:
    files.native(**key())
    files.put("p.json", {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*"}]})
    files.native("c.json", keys=[{"Arn": KEY[:-1] + "c", "PolicyFile": "p.json"}])
    codes = {diagnostic.code for diagnostic in files.load().diagnostics}
    assert codes == {"no-effect"}
