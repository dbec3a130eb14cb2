"""The small world that random cases are made of: few names, so that policies and requests meet often.

Tables only: who calls, what for, and what policies name. What conditions are made of is in condition_words.py.
"""

OWNER, PARTNER, STRANGER = "111122223333", "444455556666", "999999999999"
ACCOUNTS = (OWNER, PARTNER, STRANGER)
KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
ALIAS = f"arn:aws:kms:us-east-1:{OWNER}:alias/orders"
BUCKET = "arn:aws:s3:::bucket/x"
QUEUE = f"arn:aws:sqs:us-east-1:{OWNER}:queue"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{OWNER}:trail/main"
TRAIL_SERVICE, STORE_SERVICE = "cloudtrail.amazonaws.com", "s3.us-east-1.amazonaws.com"


def callers_of(account: str) -> list[dict[str, object]]:
    """Every kind of caller that an account has."""
    iam, sts = f"arn:aws:iam::{account}", f"arn:aws:sts::{account}"
    return [
        {"kind": "role", "arn": f"{iam}:role/app"},
        {"kind": "role", "arn": f"{iam}:role/team/ops"},
        {"kind": "user", "arn": f"{iam}:user/alice"},
        {"kind": "assumed-role", "arn": f"{sts}:assumed-role/app/s1", "role_arn": f"{iam}:role/app"},
        {"kind": "assumed-role", "arn": f"{sts}:assumed-role/ops/s1", "role_arn": f"{iam}:role/team/ops"},
        {"kind": "assumed-role", "arn": f"{sts}:assumed-role/App/s2", "role_arn": None},
        {"kind": "federated-user", "arn": f"{sts}:federated-user/bob", "role_arn": f"{iam}:user/alice"},
        {"kind": "federated-user", "arn": f"{sts}:federated-user/bob", "role_arn": None},
        {"kind": "root", "arn": f"{iam}:root"},
    ]


def principals_of(account: str) -> list[str]:
    """What a Principal element or a grant may say about an account."""
    iam, sts = f"arn:aws:iam::{account}", f"arn:aws:sts::{account}"
    return [
        f"{iam}:root", f"{iam}:root", account, f"{iam}:role/app", f"{iam}:role/app", f"{iam}:role/team/ops", f"{iam}:role/ops",
        f"{iam}:user/alice", f"{sts}:assumed-role/app/s1", f"{sts}:assumed-role/ops/s1", f"{sts}:federated-user/bob",
    ]  # fmt: skip


SERVICES = ({"kind": "service", "arn": TRAIL_SERVICE}, {"kind": "service", "arn": STORE_SERVICE})
NOBODY = {"kind": "anonymous", "arn": ""}
PROVIDERS = (f"arn:aws:iam::{OWNER}:saml-provider/corp", "accounts.google.com")
UNIQUE_IDS = ("AROADBQP57FF2AEXAMPLE", "AIDACKCEVSQ6C2EXAMPLE")

ACTIONS = (
    "kms:Decrypt", "kms:Decrypt", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:CreateGrant",
    "kms:PutKeyPolicy", "kms:TagResource", "kms:decrypt", "kms:RetireGrant", "kms:CreateGrant", "kms:RetireGrant", "kms:ReEncryptFrom",
    "kms:GetPublicKey", "kms:RevokeGrant", "kms:Unheard",
)  # fmt: skip
SUBJECTS = {  # what a request is about, and the actions on it
    KEY: ACTIONS,
    "*": ("kms:CreateKey", "kms:ListKeys", "kms:GenerateRandom"),
    ALIAS: ("kms:CreateAlias", "kms:DeleteAlias"),
    BUCKET: ("s3:GetObject", "s3:GetObject", "s3:PutObject"),
    QUEUE: ("sqs:SendMessage", "sqs:SendMessage", "SQS:sendmessage"),
}
ACTION_PATTERNS = (
    "kms:*", "*", "kms:Decrypt", "kms:Decrypt", "kms:De*", "KMS:decrypt", "kms:?ncrypt", "kms:*crypt", "kms:Create*", "kms:ListKeys",
    "s3:*", "kms:Generate*", "kms:*Grant*", "sqs:Send*", "s3:Get*", "kms:Unheard", "kms:RetireGrant", "",
)  # fmt: skip
RESOURCE_PATTERNS = (
    "*",
    "*",
    "*",
    KEY,
    KEY,
    OTHER_KEY,
    ALIAS,
    f"arn:aws:kms:us-east-1:{OWNER}:key/*",
    f"arn:aws:kms:*:{OWNER}:*",
    f"arn:aws:kms:us-east-1:{OWNER}:*",
    f"arn:aws:kms:us-east-1:{PARTNER}:*",
    "arn:aws:kms:*",
    "arn:aws:kms:us-east-1",
    "arn:aws:*",
    "arn:aws:kms:us-*:*:key/1234*",
    "arn:aws:k*:us-east-1:*:key/*",
    "arn:aws:kms:us-*3:key/*",
    "1234abcd-12ab-34cd-56ef-1234567890ab",
    "alias/orders",
    "arn:*:kms:*:*:key/????abcd-*",
    "arn:aws:s3:::bucket/*",
    "arn:aws:kms:*:key/*",
    "arn:aws:kms:us-*:key/1234*",
    "arn:aws:kms:*",
    "arn:aws:kms:us-east-1:*:1234*",
    "arn:aws:kms:*:*:*",
    "arn:aws:kms:us-east-1:*:*:*",
    "arn:aws:s3:::*/x",
    "arn:*:key/*",
    "**",
    "arn:aws:kms:us-east-?:*:key/*ab",
    "arn:aws:kms:us-east-?:*:*",
    "arn:aws:kms:eu-*:1111222233?3:*",
    "arn:aws*:kms:us-east-1:1111*:?",
    "arn:aws:kms:us-*3:*",
    "arn:aws:kms:*:111122223333:**",
    "*:*",
    "arn:aws-cn:kms:*:*:*",
    "arn:aws:KMS:us-east-1:*:key/*",
    "arn:aws:kms:us-east-1:1111*3333:key/*",
    f"{KEY}*",
    QUEUE,
    "arn:aws:sqs:*:*:*",
    "arn:aws:s3:::*",
    BUCKET,
    "arn:aws:sqs:*",
)
VARIABLE_RESOURCES = (
    "arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*", "arn:aws:kms:*:*:key/${aws:PrincipalTag/id}", "arn:aws:kms:*:${aws:PrincipalAccount}:*",
    "arn:aws:kms:us-east-1:${aws:username, '111122223333'}:key/*", "arn:aws:s3:::bucket/${acme:Name}", "arn:aws:s3:::${acme:Name, 'bucket'}/*",
    "arn:aws:kms:us-east-1:${kms:CallerAccount}:key/*", "${acme:Name}", "${*}", "arn:aws:kms:*:${aws:ResourceAccount}:${acme:Project, 'key'}/*",
    "arn:aws:${acme:Name, 'kms'}:us-east-1:*:*", "arn:aws:kms:us-east-1:${aws:SourceAccount}:key/*", "arn:aws:kms:us-east-1:*:key/${aws:PrincipalTag/team, '1234'}*",
    "arn:aws:s3:::bucket/${$}x", "arn:aws:kms:${aws:RequestedRegion}:${aws:PrincipalAccount}:*",
    "arn:aws:kms:us-east-1:${aws:ResourceAccount}:${*}", "arn:aws:s3:::${acme:Name, 'bucket'}/${aws:ResourceAccount, 'x'}", "arn:aws:kms:${acme:Name, '*'}:*:*", "arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:${acme:Name, 'queue'}",
)  # fmt: skip

REFUSED: tuple[
    dict[str, object], ...
] = (  # elements that no policy may have, or not beside what else there is
    {"Effect": "allow"},
    {"Actions": "kms:*"},
    {"Action": "kms:Decrypt", "NotAction": "kms:Encrypt"},
    {"Resource": "*", "NotResource": "*"},
    {"Principal": {"AWS": f"arn:aws:iam::{OWNER}:role/*"}},
    {"Principal": {"Role": f"arn:aws:iam::{OWNER}:role/app"}},
    {"Condition": {"StringEqual": {"aws:PrincipalOrgID": "o-a1b2c3"}}},
    {"Condition": {"NullIfExists": {"aws:PrincipalOrgID": "true"}}},
    {"Condition": {"ForSomeValues:StringEquals": {"aws:TagKeys": "stage"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3", "AWS:principalorgid": "o-other"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalOrgID": {"is": "o-a1b2c3"}}}},
    {"Condition": {"StringEquals": {"aws:PrincipalOrgID": None}}},
    {"Condition": {"StringEquals": "o-a1b2c3"}},
    {"Condition": {"NumericEqual": {"aws:MultiFactorAuthAge": 90}}},
    {"Sid": 7},
    {"Resource": "arn:aws:kms:*:${aws:PrincipalAccount:key/*", "NotResource": "*"},
    {"Principal": {"AWS": "arn:aws:iam::*:root"}},
)
