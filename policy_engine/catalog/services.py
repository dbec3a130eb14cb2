"""How AWS services use KMS keys for their customers: the operations, as whom, and the encryption context.

A service calls KMS in one of three ways, and a policy must be written for the right one: on behalf of whoever
called it (kms:ViaService is set, and the caller's own policies count); as a service principal (the key policy
must name it, aws:SourceArn says for what); or as the grantee of a grant that it made while it acted for the
caller. Not the services themselves. Each use has the page that says so; what a page leaves open is not here.
https://docs.aws.amazon.com/kms/latest/developerguide/service-integration.html
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """As whom a service calls."""

    FORWARDED = "forwarded"
    """As the principal that called the service, with kms:ViaService."""

    SERVICE = "service principal"
    """As itself, with aws:SourceArn and aws:SourceAccount."""

    GRANT = "grant"
    """As the grantee of a grant that was made for a resource of the service."""


@dataclass(frozen=True, slots=True)
class ServiceUse:
    """One use of keys by a service.

    Attributes:
        way: as whom.
        actions: without `kms:`.
        source: the page that says so.
        grantee: for a grant, who uses it, as far as AWS names it.
    """

    way: Way
    actions: tuple[str, ...]
    source: str
    grantee: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceProfile:
    """A service that is integrated with KMS.

    Attributes:
        name: what users call it: `s3`, `ebs`.
        via: its name in kms:ViaService, `ec2` in `ec2.us-east-1.amazonaws.com`.
        principal: its service principal.
        encryption_context: the pairs that it sends, by name, with what the value is.
        uses: how it uses keys.
    """

    name: str
    via: str
    principal: str
    encryption_context: dict[str, str]
    uses: tuple[ServiceUse, ...]

    def actions(self, way: Way) -> tuple[str, ...]:
        """The actions that the service needs in one way, as policies name them."""
        return tuple(f"kms:{action}" for use in self.uses if use.way is way for action in use.actions)


_DOCS = "https://docs.aws.amazon.com/"
_S3 = _DOCS + "AmazonS3/latest/userguide/UsingKMSEncryption.html"
_S3_INVENTORY = _DOCS + "AmazonS3/latest/userguide/configure-inventory.html"
_EBS = _DOCS + "ebs/latest/userguide/how-ebs-encryption-works.html"
_EBS_PERMISSIONS = _DOCS + "ebs/latest/userguide/ebs-encryption-requirements.html"
_RDS = _DOCS + "AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html"
_RDS_BY_EBS = _DOCS + "kms/latest/developerguide/services-rds.html"
_SECRETS = _DOCS + "secretsmanager/latest/userguide/security-encryption.html"
_LAMBDA = _DOCS + "lambda/latest/dg/configuration-envvars-encryption.html"
_LAMBDA_PACKAGES = _DOCS + "lambda/latest/dg/encrypt-zip-package.html"
_DYNAMODB = _DOCS + "amazondynamodb/latest/developerguide/encryption.usagenotes.html"
_SNS = _DOCS + "sns/latest/dg/sns-key-management.html"
_SNS_TO_SQS = _DOCS + "sns/latest/dg/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html"
_SQS = _DOCS + "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"
_CLOUDTRAIL = _DOCS + "awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html"

_PROFILES = (
    ServiceProfile(
        "s3",
        "s3",
        "s3.amazonaws.com",
        {"aws:s3:arn": "the object's ARN; the bucket's where it uses a bucket key"},
        (
            ServiceUse(Way.FORWARDED, ("GenerateDataKey", "Decrypt"), _S3),
            # inventory lists, which S3 writes for itself
            ServiceUse(Way.SERVICE, ("GenerateDataKey",), _S3_INVENTORY),
        ),
    ),
    ServiceProfile(
        "ebs",
        "ec2",
        "ec2.amazonaws.com",
        {"aws:ebs:id": "the volume's id; the snapshot's for a copied snapshot"},
        (
            ServiceUse(
                Way.FORWARDED,
                (
                    "CreateGrant",
                    "Decrypt",
                    "DescribeKey",
                    "GenerateDataKeyWithoutPlaintext",
                    "ReEncryptFrom",
                    "ReEncryptTo",
                ),
                _EBS_PERMISSIONS,
            ),
            ServiceUse(
                Way.GRANT,
                ("Decrypt",),
                _EBS,
                grantee="arn:aws:sts::ACCOUNT:assumed-role/aws:ec2-infrastructure/INSTANCE",
            ),
        ),
    ),
    ServiceProfile(
        "rds",
        "rds",
        "rds.amazonaws.com",
        {
            "aws:rds:db-id": "the DB instance's resource id",
            "aws:rds:dbc-id": "the DB cluster's resource id, in place of aws:rds:db-id",
            "aws:ebs:id": "the volume's id, where EBS uses the key for RDS",
        },
        (
            ServiceUse(Way.FORWARDED, ("CreateGrant", "DescribeKey"), _RDS),
            # the volumes are EBS's
            ServiceUse(Way.GRANT, ("Decrypt",), _RDS_BY_EBS),
        ),
    ),
    ServiceProfile(
        "secretsmanager",
        "secretsmanager",
        "secretsmanager.amazonaws.com",
        {
            "SecretARN": "the secret's ARN",
            "SecretVersionId": "the version's id; `RequestToValidateKeyAccess`",
        },
        (ServiceUse(Way.FORWARDED, ("GenerateDataKey", "Decrypt", "Encrypt"), _SECRETS),),
    ),
    ServiceProfile(
        "lambda",
        "lambda",
        "lambda.amazonaws.com",
        {"aws:lambda:FunctionArn": "the function's ARN"},
        (
            ServiceUse(Way.FORWARDED, ("CreateGrant", "Decrypt", "Encrypt"), _LAMBDA),
            # deployment packages: no grant, the key policy names Lambda
            ServiceUse(Way.SERVICE, ("GenerateDataKey", "Decrypt"), _LAMBDA_PACKAGES),
        ),
    ),
    ServiceProfile(
        "dynamodb",
        "dynamodb",
        "dynamodb.amazonaws.com",
        {"aws:dynamodb:tableName": "the table's name", "aws:dynamodb:subscriberId": "the account's id"},
        (
            ServiceUse(
                Way.FORWARDED,
                (
                    "CreateGrant",
                    "Decrypt",
                    "DescribeKey",
                    "Encrypt",
                    "GenerateDataKey",
                    "ReEncryptFrom",
                    "ReEncryptTo",
                ),
                _DYNAMODB,
            ),
            ServiceUse(
                Way.GRANT,
                (
                    "Decrypt",
                    "DescribeKey",
                    "Encrypt",
                    "GenerateDataKey",
                    "ReEncryptFrom",
                    "ReEncryptTo",
                    "RetireGrant",
                ),
                _DYNAMODB,
                grantee="dynamodb.REGION.amazonaws.com",
            ),
        ),
    ),
    ServiceProfile(
        "sns",
        "sns",
        "sns.amazonaws.com",
        {"aws:sns:topicArn": "the topic's ARN"},
        (
            ServiceUse(Way.FORWARDED, ("GenerateDataKey", "Decrypt"), _SNS),
            # delivery to an encrypted queue, on the queue's key and with the queue's encryption context
            ServiceUse(Way.SERVICE, ("GenerateDataKey", "Decrypt"), _SNS_TO_SQS),
        ),
    ),
    ServiceProfile(
        "sqs",
        "sqs",
        "sqs.amazonaws.com",
        {"aws:sqs:arn": "the queue's ARN"},
        (ServiceUse(Way.FORWARDED, ("GenerateDataKey", "Decrypt"), _SQS),),
    ),
    ServiceProfile(
        "cloudtrail",
        "cloudtrail",
        "cloudtrail.amazonaws.com",
        {"aws:cloudtrail:arn": "the trail's ARN", "aws:s3:arn": "the log file's ARN, set by S3"},
        (ServiceUse(Way.SERVICE, ("GenerateDataKey", "Decrypt", "DescribeKey"), _CLOUDTRAIL),),
    ),
)

SERVICES: dict[str, ServiceProfile] = {profile.name: profile for profile in _PROFILES}
"""By what users call them."""
_OTHER_NAMES = {profile.via: profile for profile in _PROFILES} | {
    profile.principal: profile for profile in _PROFILES
}


def find_service(name: str) -> ServiceProfile | None:
    """The profile of a service by its name, its name in kms:ViaService or its service principal."""
    lower = name.lower()
    return SERVICES.get(lower) or _OTHER_NAMES.get(lower)
