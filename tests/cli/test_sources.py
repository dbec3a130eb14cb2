"""The files that stand for one policy each: which layer they become, and who can have one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.world import ACME, Command, policies
from tests.explain.world import ACCOUNT, APP, BATCH, IDENTITY_POLICY, KEY, KEY_POLICY

if TYPE_CHECKING:
    from pathlib import Path

ALLOW_ALL = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
ALLOW_S3 = '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
DENY_ALL = '{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}}'
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1"


@pytest.fixture
def ask(tmp_path: Path) -> tuple[str, ...]:
    """A request that the files of a key policy and an identity policy allow."""
    key, identity = policies(tmp_path)
    return (
        *("check", "--key-policy", key, "--identity-policy", identity, "--format", "json"),
        *("-p", APP, "-a", "kms:Decrypt", "-k", KEY, "-e", "tenant=acme"),
    )


def written(folder: Path, text: str, name: str = "more.json") -> str:
    """A text as a file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("option", "text", "outcome"),
    [
        ("--boundary", ALLOW_ALL, "allowed"),
        ("--boundary", ALLOW_S3, "implicitDeny"),
        ("--session-policy", ALLOW_ALL, "allowed"),
        ("--session-policy", ALLOW_S3, "implicitDeny"),
        ("--scp", ALLOW_ALL, "allowed"),
        ("--scp", ALLOW_S3, "implicitDeny"),
        ("--rcp", DENY_ALL, "explicitDeny"),
        ("--rcp", DENY_ALL.replace("kms:*", "s3:*"), "allowed"),
        ("--identity-policy", DENY_ALL.replace('"Principal": "*", ', ""), "explicitDeny"),
    ],
)
def test_each_file_is_its_layer(
    explain_access: Command, ask: tuple[str, ...], tmp_path: Path, option: str, text: str, outcome: str
) -> None:
    assert explain_access(*ask, option, written(tmp_path, text)).json["outcome"] == outcome


def test_scp_files_are_one_level(explain_access: Command, ask: tuple[str, ...], tmp_path: Path) -> None:
    every, some = written(tmp_path, ALLOW_ALL, "all.json"), written(tmp_path, ALLOW_S3, "some.json")
    assert explain_access(*ask, "--scp", some, "--scp", every).code == 0


def test_grants_as_the_aws_cli_prints_them(explain_access: Command, ask: tuple[str, ...]) -> None:
    grants = f"{ACME}/keys/orders/list-grants.json"
    by_batch = (*ask, "-p", BATCH, "-a", "kms:GenerateDataKey")
    assert explain_access(*by_batch).code == 1
    allowed = explain_access(*by_batch, "--grants", grants)
    assert (allowed.code, allowed.json["path"]) == (0, "grant")


def test_a_cut_off_list_of_grants_is_refused(
    explain_access: Command, ask: tuple[str, ...], tmp_path: Path
) -> None:
    grants = written(tmp_path, '{"Grants": [], "Truncated": true, "NextMarker": "m"}')
    ended = explain_access(*ask, "--grants", grants)
    assert (ended.code, ended.out) == (3, "")
    assert "is not the whole list of grants" in ended.err


@pytest.mark.parametrize("wrap", ["Policy", "PolicyDocument"])
def test_a_policy_inside_what_the_aws_cli_prints(
    explain_access: Command, ask: tuple[str, ...], tmp_path: Path, wrap: str
) -> None:
    inside = written(tmp_path, json.dumps({wrap: KEY_POLICY}, indent=2))
    ended = explain_access(*ask, "--key-policy", inside)
    assert ended.code == 0
    determining = ended.json["determining"]
    assert isinstance(determining, list)
    assert determining[0]["file"] == inside
    assert determining[0]["start"]["line"] == 2


def test_a_managed_policy_version(explain_access: Command, ask: tuple[str, ...], tmp_path: Path) -> None:
    document = {"PolicyVersion": {"VersionId": "v1", "Document": json.loads(IDENTITY_POLICY)}}
    inside = written(tmp_path, json.dumps(document))
    position = ask.index("--identity-policy")
    assert explain_access(*ask[:position], *ask[position + 2 :], "--identity-policy", inside).code == 0


def test_yaml_by_its_name(explain_access: Command, ask: tuple[str, ...], tmp_path: Path) -> None:
    text = "Statement:\n  Effect: Allow\n  Action: 's3:*'\n  Resource: '*'\n"
    ended = explain_access(*ask, "--boundary", written(tmp_path, text, "cap.yaml"))
    assert ended.json["outcome"] == "implicitDeny"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("-p", SESSION), "the role of the session"),
        (("-p", "s3.amazonaws.com"), "a caller of the kind service has neither identity policies"),
        (("-p", f"arn:aws:iam::{ACCOUNT}:root"), "a caller of the kind root has neither"),
        (("-k", "alias/orders"), "--key-policy and --grants are for a key"),
    ],
)
def test_who_and_what_cannot_have_such_a_file(
    explain_access: Command, ask: tuple[str, ...], change: tuple[str, ...], message: str
) -> None:
    ended = explain_access(*ask, *change)
    assert (ended.code, ended.out) == (3, "")
    assert message in ended.err


def test_a_session_has_the_policies_of_its_role_in_a_bundle(explain_access: Command, tmp_path: Path) -> None:
    ask = ("check", "--bundle", ACME, "-p", "assumed-role/app/s1", "-a", "kms:Decrypt", "-k", "alias/orders")
    assert explain_access(*ask, "-e", "tenant=other").code == 1
    broader = IDENTITY_POLICY.replace('"acme"', '"other"')
    more = written(tmp_path, broader)
    assert explain_access(*ask, "-e", "tenant=other", "--identity-policy", more).code == 0
    cap = written(tmp_path, ALLOW_S3, "cap.json")
    assert explain_access(*ask, "-e", "tenant=acme", "--session-policy", cap).code == 1


def test_a_file_replaces_what_the_bundle_says_of_the_key(explain_access: Command, tmp_path: Path) -> None:
    ask = (
        "check",
        "--bundle",
        ACME,
        "-p",
        "role/app",
        "-a",
        "kms:Decrypt",
        "-k",
        "alias/orders",
        "-e",
        "tenant=acme",
    )
    key = written(tmp_path, DENY_ALL)
    by_arn = (*ask[:-3], KEY, *ask[-2:])
    assert explain_access(*by_arn).code == 0
    assert explain_access(*by_arn, "--key-policy", key).code == 1
