"""Where engine and reference once disagreed: the smallest case of each."""

from typing import Any

import pytest

from tests.differential.comparison import engine_answer, reference_answer
from tests.reference.plain_data import Json

OWNER, PARTNER = "111122223333", "444455556666"
KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
APP: dict[str, Any] = {"kind": "role", "arn": f"arn:aws:iam::{OWNER}:role/app"}
SERVICE_LINKED_SESSION: dict[str, Any] = {
    "kind": "assumed-role",
    "arn": f"arn:aws:sts::{OWNER}:assumed-role/AWSServiceRoleForX/s1",
    "role_arn": f"arn:aws:iam::{OWNER}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
}
EVERYTHING: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
TO_APP = EVERYTHING | {"Principal": {"AWS": APP["arn"]}}
SOURCE = {"aws:SourceArn": "arn:aws:s3:::mine"}


def _statements(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _request(action: str, *, resource: str = KEY, **more: Json) -> dict[str, Any]:
    return {"principal": APP, "action": action, "resource": resource, **more}


def _when(condition: dict[str, Any], **context: str) -> dict[str, Any]:
    policies = {"key": _statements(TO_APP | {"Condition": condition})}
    return {"request": _request("kms:Decrypt", context=context), "policies": policies}


def _denied_by(resources: dict[str, Any]) -> dict[str, Any]:
    return {"identity": [_statements(EVERYTHING, {"Effect": "Deny", "Action": "*", **resources})]}


MENDED: dict[str, dict[str, Any]] = {
    "rule 31: aliases belong to their account's callers": {
        "request": _request("kms:DeleteAlias", resource=f"arn:aws:kms:us-east-1:{PARTNER}:alias/orders"),
        "policies": {"identity": [_statements(EVERYTHING)]},
    },
    "rule 23: an action that the catalogue does not know needs the key policy too": {
        "request": _request("kms:Unheard", resource=KEY),
        "policies": {"key": _statements(), "identity": [_statements(EVERYTHING)]},
    },
    "rule 45: a grant creates only children that it can be compared with": {
        "request": _request("kms:CreateGrant"),
        "policies": {
            "key": _statements(),
            "grants": [{"GrantId": "g", "GranteePrincipal": APP["arn"], "Operations": ["CreateGrant"]}],
        },
    },
    "rule 47: a key policy cannot allow RetireGrant": {
        "request": _request("kms:RetireGrant"),
        "policies": {"key": _statements(TO_APP)},
    },
    "rule 96: a short ARN is completed for CreateKey too": {
        "request": _request("kms:CreateKey", resource="*"),
        "policies": {"identity": [_statements(EVERYTHING | {"Resource": "arn:aws:kms:*"})]},
    },
    "rule 96: a short NotResource is completed for CreateKey too": {
        "request": _request("kms:CreateKey", resource="*"),
        "policies": {
            "identity": [_statements({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:kms:*"})]
        },
    },
    "rule 30: the account's resource pattern names the caller's partition": {
        "request": _request("kms:CreateKey", resource="*"),
        "policies": {"identity": [_statements(EVERYTHING | {"Resource": f"arn:aws-cn:kms:*:{OWNER}:*"})]},
    },
    "rule 92: no values never hold, with IfExists and an absent key too": _when(
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": []}}
    ),
    "rule 93: a value that does not parse fails a negated operator beside others too": _when(
        {"ArnNotEquals": {"aws:SourceArn": ["no-arn", "arn:aws:s3:::other"]}}, **SOURCE
    ),
    "rules 30 and 64: variables in the Resource of a Deny on CreateKey": {
        "request": _request("kms:CreateKey", resource="*"),
        "policies": _denied_by({"Resource": "arn:aws:kms:*:${aws:PrincipalAccount}:*"}),
    },
    "rules 63 and 104: aws:ResourceAccount as a variable, where it is the caller's for want of another": {
        "request": _request("s3:GetObject", resource="arn:aws:s3:::bucket/x"),
        "policies": _denied_by({"NotResource": "arn:aws:s3:::${aws:ResourceAccount}/*"}),
    },
    "rule 79: a session of a service-linked role is not under the account's SCPs": {
        "request": _request("kms:Decrypt") | {"principal": SERVICE_LINKED_SESSION},
        "policies": {"key": _statements(EVERYTHING | {"Principal": "*"}), "scps": [[]]},
    },
    "rule 79: a service-linked role has no boundary": {
        "request": _request("kms:Decrypt") | {"principal": APP | {"service_linked": True}},
        "policies": {"key": _statements(TO_APP), "permissions_boundary": _statements()},
    },
}


@pytest.mark.parametrize("case", MENDED.values(), ids=MENDED)
def test_they_agree(case: dict[str, Any]) -> None:
    assert engine_answer(case) == reference_answer(case)
