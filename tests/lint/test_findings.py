"""What a finding says of its place, and that its fingerprint stays when other things move."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policy_engine.lint.pointers import pointer_of
from policy_engine.syntax.json_document import parse_json
from tests.lint.cases import report_on

if TYPE_CHECKING:
    from pathlib import Path

    from policy_engine.lint.finding import Finding

ROOT = {
    "Sid": "Root",
    "Effect": "Allow",
    "Principal": {"AWS": "111122223333"},
    "Action": "kms:*",
    "Resource": "*",
}
TYPO = {
    "Effect": "Allow",
    "Principal": {"AWS": "111122223333"},
    "Action": ["kms:Encrypt", "kms:Decyrpt"],
    "Resource": "*",
}


def findings(
    tmp_path: Path, *statements: dict[str, object], indent: int = 2, name: str = "p.json"
) -> tuple[Finding, ...]:
    path = tmp_path / name
    path.write_text(
        json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=indent), encoding="utf-8"
    )
    return report_on(path, "A101").findings


@pytest.mark.parametrize("sid", [None, "Use"])
def test_a_fingerprint_survives_insertion_above_and_another_layout(sid: str | None, tmp_path: Path) -> None:
    statement = {"Sid": sid, **TYPO} if sid else TYPO
    (before,) = findings(tmp_path, ROOT, statement)
    (after,) = findings(tmp_path, ROOT, {**ROOT, "Sid": "New"}, statement, indent=7)
    assert before.fingerprint == after.fingerprint
    assert before.span.begin != after.span.begin
    assert (before.pointer, after.pointer) == ("/Statement/1/Action/1", "/Statement/2/Action/1")


def test_fingerprints_differ_by_file_statement_and_value(tmp_path: Path) -> None:
    one = findings(tmp_path, TYPO)
    other_file = findings(tmp_path, TYPO, name="q.json")
    other_value = findings(tmp_path, {**TYPO, "Action": ["kms:Encrypt", "kms:Decrpyt"]})
    other_sid = findings(tmp_path, {**TYPO, "Sid": "Use"})
    assert len({f.fingerprint for f in (*one, *other_file, *other_value, *other_sid)}) == 4


def test_the_same_thing_twice_has_two_fingerprints(tmp_path: Path) -> None:
    first, second = findings(tmp_path, TYPO, TYPO)
    assert first.fingerprint != second.fingerprint
    assert first.fingerprint == findings(tmp_path, TYPO)[0].fingerprint


def test_a_policy_in_a_string_is_placed_in_the_outer_file(tmp_path: Path) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [ROOT, TYPO]}, indent=1)
    path = tmp_path / "get-key-policy.json"
    path.write_text(json.dumps({"PolicyName": "default", "Policy": text}, indent=2), encoding="utf-8")
    (finding,) = report_on(path, "A101").findings
    line = path.read_text(encoding="utf-8").splitlines()[finding.span.begin.line - 1]
    assert line[finding.span.begin.column - 1 : finding.span.finish.column - 1] == r"\"kms:Decyrpt\""
    assert (finding.pointer, finding.kind, finding.policy) == ("/Statement/1/Action/1", "key", "default")


def test_the_policies_of_an_account_are_named_by_their_holders_and_old_versions_are_left_out(
    tmp_path: Path,
) -> None:
    identity = {k: v for k, v in TYPO.items() if k != "Principal"}
    document = {"Version": "2012-10-17", "Statement": identity}
    account = {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [
            {
                "RoleName": "app",
                "Arn": "arn:aws:iam::111122223333:role/app",
                "AssumeRolePolicyDocument": {"Version": "x"},
                "RolePolicyList": [{"PolicyName": "orders", "PolicyDocument": document}],
                "AttachedManagedPolicies": [],
            }
        ],
        "Policies": [
            {
                "PolicyName": "Keys",
                "Arn": "arn:aws:iam::111122223333:policy/Keys",
                "PolicyVersionList": [
                    {"VersionId": "v2", "IsDefaultVersion": True, "Document": document},
                    {"VersionId": "v1", "IsDefaultVersion": False, "Document": document},
                ],
            }
        ],
    }
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account, indent=2), encoding="utf-8")
    found = report_on(path, "A101").findings
    assert [(f.kind, f.policy) for f in found] == [("identity", "app/orders"), ("identity", "Keys")]


def test_policies_in_yaml_have_the_places_of_the_yaml_file(tmp_path: Path) -> None:
    path = tmp_path / "bundle.yaml"
    path.write_text(
        "schema: kmsgate/bundle/1\n"
        "principals:\n"
        "  - Arn: arn:aws:iam::111122223333:role/app\n"
        "    IdentityPolicies:\n"
        "      - PolicyName: orders\n"
        "        PolicyDocument:\n"
        '          Version: "2012-10-17"\n'
        "          Statement:\n"
        '            - {Effect: Allow, Action: "kms:Decyrpt", Resource: "*"}\n',
        encoding="utf-8",
    )
    (finding,) = report_on(path, "A101").findings
    assert (finding.span.begin.line, finding.span.begin.column) == (9, 39)
    assert finding.policy == "app/orders"


def test_a_policy_in_a_file_of_its_own_is_what_the_bundle_says_it_is(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "boundary.json").write_text(
        json.dumps({"Version": "2012-10-17", "Statement": TYPO}), encoding="utf-8"
    )
    key = {
        "Arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "PolicyFile": "policies/boundary.json",
    }
    bundle = {"schema": "kmsgate/bundle/1", "keys": [key], "principals": []}
    (tmp_path / "bundle.json").write_text(json.dumps(bundle), encoding="utf-8")
    (alone,) = report_on(tmp_path / "bundle.json", "A101").findings
    assert (alone.file, alone.kind) == ("policies/boundary.json", "key")
    together = report_on(tmp_path, "A101")
    assert len(together.findings) == 1
    assert together.files == 2


@pytest.mark.parametrize(
    ("marked", "pointer"),
    [
        ('"a~/b"', "/a~0~1b"),
        ('{"a~/b": [1, {"c": null}]}', ""),
        ("1", "/a~0~1b/0"),
        ('"c"', "/a~0~1b/1/c"),
        ("null", "/a~0~1b/1/c"),
    ],
)
def test_pointers(marked: str, pointer: str) -> None:
    text = '{"a~/b": [1, {"c": null}]}'
    start = text.index(marked)
    end = start + len(marked)
    assert pointer_of(parse_json(text).root, start, end) == pointer
