"""What random conditions are made of: for each key, what a request may say of it and what a policy may ask for.

Tables only; random_requests.py and random_conditions.py draw from them. Values that do not parse, lists where one value is
expected and one value where lists are, stand among the others on purpose.
"""

from tests.differential.vocabulary import ACCOUNTS, OWNER, PARTNER, STORE_SERVICE, TRAIL

# what a request may say
CONTEXT: dict[str, tuple[object, ...]] = {
    "kms:EncryptionContext:tenant": ("acme", "acme", "Acme", "other", "", "5"),
    "kms:EncryptionContext:Tenant": ("acme", "other", "7"),
    "kms:EncryptionContext:app": ("orders", "acme*", "90"),
    "kms:EncryptionContextKeys": (["tenant"], ["Tenant", "app"], "app", []),
    "kms:ViaService": (STORE_SERVICE, "ec2.us-east-1.amazonaws.com"),
    "kms:CallerAccount": ACCOUNTS,
    "aws:SourceArn": (TRAIL, TRAIL, "arn:aws:s3:::bucket", "no-arn"),
    "aws:SourceAccount": ACCOUNTS,
    "aws:ResourceAccount": ACCOUNTS,
    "aws:PrincipalOrgID": ("o-a1b2c3", "o-other"),
    "aws:PrincipalTag/team": ("orders", "billing"),
    "aws:PrincipalTag/Level": ("5", "high"),
    "aws:ResourceTag/stage": ("prod", "test"),
    "aws:PrincipalArn": (f"arn:aws:iam::{OWNER}:role/app", f"arn:aws:iam::{PARTNER}:user/alice"),
    "kms:KeySpec": ("SYMMETRIC_DEFAULT", "RSA_2048"),
    "kms:RequestAlias": ("alias/orders",),
    "aws:MultiFactorAuthPresent": ("true", "false", True, False, "maybe"),
    "aws:ViaAWSService": ("true", "false", True),
    "aws:RequestedRegion": ("us-east-1", "us-east-1", "eu-west-1", "", ["us-east-1"], [], ["us-east-1", "eu-west-1"]),
    "aws:AssumedRoot": ("true", "false", True, "FALSE", "maybe", []),
    "acme:Project": ("x", ["x"], ["x", "y"], [], ["5", "90"], ["5", "ninety"], ["2026", "soon"], [""], ["", ""]),
    "ACME:project": ("y", []),
    "acme:Name": ("alice", "x", "*", "a*b", "bucket", "", ["x"]),
    "aws:SourceIp": ("10.0.0.7", "192.0.2.1", "2001:db8::1", "::ffff:10.0.0.7", "fe80::1%eth0", "010.0.0.7", "nowhere"),
    "aws:CurrentTime": (
        "2026-01-02T03:04:05Z", "2026-06-01", "1767323045", "2026", "2026-01", "soon", "2026-02-30", "2026-05-31T24:00Z", "-1",
        "2016-12-31T23:59:60Z", "2026-05-31T22:00:00.5Z", 1767323045, "2026-01-02T03:04:05",
    ),
    "aws:MultiFactorAuthAge": ("90", 90, "90.0", "90abc", "3600", 9e1, "-0", "1e400", " 90", "+9E1", True, ["90"], ["5", "90"]),
    "aws:TagKeys": (["stage"], ["stage", "team"], [""], [], "stage", ["Stage", ""]),
    "kms:GrantOperations": (["Decrypt"], ["Decrypt", "Encrypt"], []),
    "acme:Blob": ("YWNtZQ==", "YWNtZTI=", "%%%", "", "YWNtZQ"),
}  # fmt: skip

# what a policy may ask for
ASKED: dict[str, tuple[object, ...]] = {
    "kms:EncryptionContext:tenant": ("acme", "Acme", "ac*", "?cme", "*", "", "5"),
    "KMS:encryptioncontext:TENANT": ("acme", "other", "7"),
    "kms:EncryptionContext:app": ("orders", "o*", "acme*", 90),
    "kms:ViaService": (STORE_SERVICE, "s3.*.amazonaws.com"),
    "kms:CallerAccount": (OWNER, PARTNER, "1111*", 111122223333),
    "aws:PrincipalArn": (
        f"arn:aws:iam::{OWNER}:role/app", f"arn:aws:iam::{OWNER}:role/*", "arn:aws:iam::*:user/a*", f"arn:aws:iam::{OWNER}:root",
        f"arn:aws:sts::{OWNER}:federated-user/bob", "arn:aws:iam::*:role/team/*", "role/app", f"arn:aws:iam::{OWNER}:Role/app",
    ),
    "aws:PrincipalAccount": (OWNER, PARTNER),
    "aws:PrincipalType": ("User", "AssumedRole", "FederatedUser", "Account"),
    "aws:username": ("alice", "a*"),
    "aws:PrincipalIsAWSService": ("true", "false", True),
    "aws:SourceArn": (TRAIL, "arn:aws:cloudtrail:*:*:trail/*", "arn:aws:s3:::*", "arn:aws:cloudtrail:*", "no-arn", "arn:*:*:*:*:trail?main"),
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
    "kms:EncryptionContextKeys": ("tenant", "Tenant", "app", "*"),
    "aws:MultiFactorAuthPresent": ("true", "false", True, "TRUE", "maybe"),
    "aws:ViaAWSService": ("true", "false"),
    "aws:RequestedRegion": ("us-east-1", "us-*", "eu-west-1"),
    "aws:AssumedRoot": ("true", "false"),
    "acme:Project": ("x", "y", "?", "", 5, "90", "2026-01-01", "soon"),
    "acme:Name": ("alice", "x", "a*", "*", "\\*", ""),
    "aws:SourceIp": (
        "10.0.0.0/8", "10.0.0.7", "2001:db8::/32", "192.0.2.0/33", "somewhere", "0.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.0/255.0.0.0",
        "fe80::1%eth0", "010.0.0.7", "2001:DB8:0::1/128", "",
    ),
    "aws:CurrentTime": (
        "2026-01-02T03:04:05Z", "2026-01-01", "2026-06-01T00:00:00+02:00", "1767323045", "later", "2026", "2026-01", "2026-*",
        "2026-02-30", "2026-05-31T22:00Z", "2026-1-1", "1767323045.0", 2026, "2026-06-01T24:00Z", "2026-05-31T22:00:00.50-00:00",
    ),
    "aws:MultiFactorAuthAge": ("90", 90, "9e1", "3600", "x", 89.5, "1e999", "+90", "-1", "0x5a", ".9e2", "90.", "", "9" * 64, "9" * 65),
    "aws:TagKeys": ("stage", "team", "s*", ""),
    "kms:GrantOperations": ("Decrypt", "Encrypt", "De*"),
    "acme:Blob": ("YWNtZQ==", "YWNtZTI=", "!!", "", "YWNtZR=="),
}  # fmt: skip
VARIABLES = (
    "${aws:PrincipalTag/team}", "${aws:username}", "${aws:PrincipalAccount}", "a${*}b", "${kms:EncryptionContext:tenant}",
    "${aws:PrincipalTag/team, 'orders'}", "${AWS:principaltag/TEAM}*", "${acme:Project}", "${$}{x}", "${acme:Name}", "${acme:Name, ''}",
    "${acme:Name}${?}", "${aws:TagKeys}", "${KMS:encryptioncontext:TENANT, 'acme'}", "${aws:PrincipalArn}", "${kms:ResourceAliases}",
    "${aws:SourceArn}", "arn:aws:iam::${aws:PrincipalAccount}:role/*", "arn:aws:${acme:Name, 's3'}:::${acme:Project, '*'}",
    "${aws:ResourceAccount}", "${aws:RequestedRegion}", "${aws:ResourceTag/stage}", "${aws:ResourceAccount, 'none'}", "x${acme:Name}", "${aws:MultiFactorAuthAge}",
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
OPERATORS = (
    *STRING_OPERATORS, *ARN_OPERATORS, *NUMERIC_OPERATORS, *DATE_OPERATORS, "Bool", "BinaryEquals", "IpAddress", "NotIpAddress",
)  # fmt: skip
FAMILIES = {
    "aws:PrincipalArn": (*ARN_OPERATORS, *STRING_OPERATORS),
    "aws:SourceArn": (*ARN_OPERATORS, *STRING_OPERATORS),
    "aws:MultiFactorAuthPresent": ("Bool", "Bool", "Bool", "StringEquals", "StringNotEquals"),
    "aws:ViaAWSService": ("Bool", "Bool", "StringEquals"),
    "aws:PrincipalIsAWSService": ("Bool",),
    "kms:MultiRegion": ("Bool", "StringEquals"),
    "aws:AssumedRoot": ("Bool",),
    "aws:SourceIp": ("IpAddress", "NotIpAddress"),
    "aws:CurrentTime": DATE_OPERATORS,
    "aws:MultiFactorAuthAge": NUMERIC_OPERATORS,
    "acme:Blob": ("BinaryEquals",),
    "acme:Project": (*STRING_OPERATORS, *NUMERIC_OPERATORS, *DATE_OPERATORS),
}
SETS = (
    "kms:EncryptionContextKeys",
    "kms:ResourceAliases",
    "aws:TagKeys",
    "kms:GrantOperations",
    "acme:Project",
)
"""Keys that are asked about with ForAllValues and ForAnyValue more often than others."""
