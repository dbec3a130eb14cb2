"""The small world that random cases are made of: few names, so that policies and requests meet often.

Tables only; strategies.py draws from them. `skeleton` is what the engine reads today, `all` is the whole language.
"""

OWNER, PARTNER, STRANGER = "111122223333", "444455556666", "999999999999"
ACCOUNTS = (OWNER, PARTNER, STRANGER)
KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
ALIAS = f"arn:aws:kms:us-east-1:{OWNER}:alias/orders"
BUCKET = "arn:aws:s3:::bucket/x"
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
UNIQUE_IDS = ("AROADBQP57FF2AEXAMPLE", "AIDACKCEVSQ6C2EXAMPLE")

ACTIONS = (
    "kms:Decrypt", "kms:Decrypt", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:CreateGrant",
    "kms:PutKeyPolicy", "kms:TagResource", "kms:decrypt",
)  # fmt: skip
SUBJECTS = {  # what a request is about, and the actions on it
    KEY: ACTIONS,
    "*": ("kms:CreateKey", "kms:ListKeys", "kms:GenerateRandom"),
    ALIAS: ("kms:CreateAlias", "kms:DeleteAlias"),
    BUCKET: ("s3:GetObject", "s3:GetObject", "s3:PutObject"),
}
ACTION_PATTERNS = (
    "kms:*", "*", "kms:Decrypt", "kms:Decrypt", "kms:De*", "KMS:decrypt", "kms:?ncrypt", "kms:*crypt", "kms:Create*", "kms:ListKeys",
    "s3:*", "kms:Generate*", "kms:*Grant*",
)  # fmt: skip
RESOURCE_PATTERNS = (
    "*", "*", "*", KEY, KEY, OTHER_KEY, ALIAS, f"arn:aws:kms:us-east-1:{OWNER}:key/*", f"arn:aws:kms:*:{OWNER}:*",
    f"arn:aws:kms:us-east-1:{OWNER}:*", f"arn:aws:kms:us-east-1:{PARTNER}:*", "arn:aws:kms:*", "arn:aws:kms:us-east-1", "arn:aws:*",
    "arn:aws:kms:us-*:*:key/1234*", "arn:aws:k*:us-east-1:*:key/*", "arn:aws:kms:us-*3:key/*", "1234abcd-12ab-34cd-56ef-1234567890ab",
    "alias/orders", "arn:*:kms:*:*:key/????abcd-*", "arn:aws:s3:::bucket/*", "arn:aws:kms:*:key/*", "arn:aws:kms:us-*:key/1234*",
    "arn:aws:kms:*", "arn:aws:kms:us-east-1:*:1234*", "arn:aws:kms:*:*:*", "arn:aws:kms:us-east-1:*:*:*", "arn:aws:s3:::*/x", "arn:*:key/*", "**",
    "arn:aws:kms:us-east-?:*:key/*ab", "*:*", "arn:aws-cn:kms:*:*:*", "arn:aws:KMS:us-east-1:*:key/*", "arn:aws:kms:us-east-1:1111*3333:key/*", f"{KEY}*",
)  # fmt: skip

FOREIGN_OR_SHORT = tuple(  # test_open_disagreements.py: not yet for actions without a key
    one for one in RESOURCE_PATTERNS if one.startswith("arn:") and (one.count(":") < 5 or ":aws-cn:" in one)
)

# condition keys: what a request may say of each, and what a policy may ask for
CONTEXT = {
    "kms:EncryptionContext:tenant": ("acme", "Acme", "other", ""),
    "kms:EncryptionContext:Tenant": ("acme", "other"),
    "kms:EncryptionContext:app": ("orders", "acme*"),
    "kms:ViaService": (STORE_SERVICE, "ec2.us-east-1.amazonaws.com"),
    "kms:CallerAccount": ACCOUNTS,
    "aws:SourceArn": (TRAIL, "arn:aws:s3:::bucket", "no-arn"),
    "aws:SourceAccount": ACCOUNTS,
    "aws:PrincipalOrgID": ("o-a1b2c3", "o-other"),
    "aws:PrincipalTag/team": ("orders", "billing"),
    "aws:PrincipalTag/Level": ("5", "high"),
    "aws:ResourceTag/stage": ("prod", "test"),
    "aws:PrincipalArn": (f"arn:aws:iam::{OWNER}:role/app", f"arn:aws:iam::{PARTNER}:user/alice"),
    "kms:KeySpec": ("SYMMETRIC_DEFAULT", "RSA_2048"),
    "kms:RequestAlias": ("alias/orders",),
    "aws:MultiFactorAuthPresent": ("true", "false", True, False, "maybe"),
    "aws:ViaAWSService": ("true", "false", True),
    "acme:Project": ("x", ["x"], ["x", "y"], []),
}
CONTEXT_OF_ALL = {
    "aws:SourceIp": ("10.0.0.7", "192.0.2.1", "2001:db8::1", "nowhere"),
    "aws:CurrentTime": ("2026-01-02T03:04:05Z", "2026-06-01", "1767323045", "soon"),
    "aws:MultiFactorAuthAge": ("90", 90, "90.0", "90abc", "3600"),
    "aws:TagKeys": (["stage"], ["stage", "team"], [""], [], "stage"),
    "kms:GrantOperations": (["Decrypt"], ["Decrypt", "Encrypt"], []),
    "acme:Blob": ("YWNtZQ==", "YWNtZTI=", "%%%"),
}
ASKED = {
    "kms:EncryptionContext:tenant": ("acme", "Acme", "ac*", "?cme", "*", ""),
    "KMS:encryptioncontext:TENANT": ("acme", "other"),
    "kms:EncryptionContext:app": ("orders", "o*", "acme*"),
    "kms:ViaService": (STORE_SERVICE, "s3.*.amazonaws.com"),
    "kms:CallerAccount": (OWNER, PARTNER, "1111*"),
    "aws:PrincipalArn": (
        f"arn:aws:iam::{OWNER}:role/app", f"arn:aws:iam::{OWNER}:role/*", "arn:aws:iam::*:user/a*", f"arn:aws:iam::{OWNER}:root",
        f"arn:aws:sts::{OWNER}:federated-user/bob", "arn:aws:iam::*:role/team/*", "role/app", f"arn:aws:iam::{OWNER}:Role/app",
    ),
    "aws:PrincipalAccount": (OWNER, PARTNER),
    "aws:PrincipalType": ("User", "AssumedRole", "FederatedUser", "Account"),
    "aws:username": ("alice", "a*"),
    "aws:PrincipalIsAWSService": ("true", "false", True),
    "aws:SourceArn": (TRAIL, "arn:aws:cloudtrail:*:*:trail/*", "arn:aws:s3:::*", "arn:aws:cloudtrail:*", "no-arn"),
    "aws:SourceAccount": (OWNER, PARTNER),
    "aws:PrincipalOrgID": ("o-a1b2c3", "o-*"),
    "aws:PrincipalTag/team": ("orders", "b*"),
    "aws:PrincipalTag/level": ("5", 5, "high"),
    "aws:ResourceTag/stage": ("prod", "p*"),
    "aws:ResourceAccount": (OWNER, PARTNER),
    "kms:KeySpec": ("SYMMETRIC_DEFAULT", "RSA_*"),
    "kms:KeyUsage": ("ENCRYPT_DECRYPT", "SIGN_VERIFY"),
    "kms:KeyOrigin": ("AWS_KMS",),
    "kms:MultiRegion": ("true", "false", False),
    "kms:ResourceAliases": ("alias/orders", "alias/*"),
    "kms:RequestAlias": ("alias/orders", "alias/*"),
    "kms:EncryptionContextKeys": ("tenant", "Tenant", "app"),
    "aws:MultiFactorAuthPresent": ("true", "false", True, "TRUE", "maybe"),
    "aws:ViaAWSService": ("true", "false"),
    "acme:Project": ("x", "y", "?"),
}  # fmt: skip
ASKED_OF_ALL = {
    "aws:SourceIp": ("10.0.0.0/8", "10.0.0.7", "2001:db8::/32", "192.0.2.0/33", "somewhere"),
    "aws:CurrentTime": (
        "2026-01-02T03:04:05Z",
        "2026-01-01",
        "2026-06-01T00:00:00+02:00",
        "1767323045",
        "later",
    ),
    "aws:MultiFactorAuthAge": ("90", 90, "9e1", "3600", "x"),
    "aws:TagKeys": ("stage", "team", "s*"),
    "kms:GrantOperations": ("Decrypt", "Encrypt", "De*"),
    "acme:Blob": ("YWNtZQ==", "YWNtZTI=", "!!"),
}
LISTS = (
    "kms:EncryptionContextKeys",
    "kms:ResourceAliases",
    "aws:TagKeys",
    "kms:GrantOperations",
    "acme:Project",
)
VARIABLES = (
    "${aws:PrincipalTag/team}", "${aws:username}", "${aws:PrincipalAccount}", "a${*}b", "${kms:EncryptionContext:tenant}",
    "${aws:PrincipalTag/team, 'orders'}", "${AWS:principaltag/TEAM}*", "${acme:Project}", "${$}{x}",
)  # fmt: skip
VARIABLE_RESOURCES = (
    "arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*", "arn:aws:kms:*:*:key/${aws:PrincipalTag/id}",
    "arn:aws:kms:us-east-1:${aws:username, '111122223333'}:key/*",
)  # fmt: skip

STRING_OPERATORS = (
    "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
)  # fmt: skip
ARN_OPERATORS = ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike")
NUMERIC_OPERATORS = (
    "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
)  # fmt: skip
DATE_OPERATORS = (
    "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
)  # fmt: skip
FAMILIES = {
    "aws:PrincipalArn": (*ARN_OPERATORS, *STRING_OPERATORS),
    "aws:SourceArn": (*ARN_OPERATORS, *STRING_OPERATORS),
    "aws:MultiFactorAuthPresent": ("Bool", "Bool", "Bool", "StringEquals", "StringNotEquals"),
    "aws:ViaAWSService": ("Bool", "Bool", "StringEquals"),
    "aws:PrincipalIsAWSService": ("Bool",),
    "kms:MultiRegion": ("Bool", "StringEquals"),
    "aws:SourceIp": ("IpAddress", "NotIpAddress"),
    "aws:CurrentTime": DATE_OPERATORS,
    "aws:MultiFactorAuthAge": NUMERIC_OPERATORS,
    "acme:Blob": ("BinaryEquals",),
}

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
)
