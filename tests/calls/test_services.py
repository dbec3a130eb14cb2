"""What the calls of AWS services to KMS carry."""

from __future__ import annotations

import pytest

from policy_engine.calls.services import context_of, service, via_service
from policy_engine.catalog.actions import find_action
from policy_engine.catalog.services import SERVICES, ServiceUse, Way, find_service
from policy_engine.errors import RequestError

USES = [(name, use) for name, profile in SERVICES.items() for use in profile.uses]


@pytest.mark.parametrize(
    ("name", "via"),
    [
        ("s3", "s3"),
        ("ebs", "ec2"),
        ("rds", "rds"),
        ("secretsmanager", "secretsmanager"),
        ("lambda", "lambda"),
        ("dynamodb", "dynamodb"),
        ("sns", "sns"),
        ("sqs", "sqs"),
        ("cloudtrail", "cloudtrail"),
    ],
)
def test_via_service(name: str, via: str) -> None:
    assert via_service(name, "cn-north-1") == f"{via}.cn-north-1.amazonaws.com"
    assert service(name) is find_service(via) is find_service(f"{via}.amazonaws.com")


def test_the_profiles_are_those_that_are_tested() -> None:
    assert len(SERVICES) == 9


@pytest.mark.parametrize(("name", "use"), USES)
def test_a_use_names_actions_that_exist_and_where_it_is_written(name: str, use: ServiceUse) -> None:
    assert use.source.startswith("https://docs.aws.amazon.com/")
    for action in use.actions:
        found = find_action(f"kms:{action}")
        assert found is not None
        assert found.name in SERVICES[name].actions(use.way)
        assert found.grant_operation or use.way is not Way.GRANT


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("s3", {"aws:s3:arn"}),
        ("ebs", {"aws:ebs:id"}),
        ("rds", {"aws:rds:db-id", "aws:rds:dbc-id", "aws:ebs:id"}),
        ("secretsmanager", {"SecretARN", "SecretVersionId"}),
        ("lambda", {"aws:lambda:FunctionArn"}),
        ("dynamodb", {"aws:dynamodb:tableName", "aws:dynamodb:subscriberId"}),
        ("sns", {"aws:sns:topicArn"}),
        ("sqs", {"aws:sqs:arn"}),
        ("cloudtrail", {"aws:cloudtrail:arn", "aws:s3:arn"}),
    ],
)
def test_the_encryption_context_that_a_service_sends(name: str, pairs: set[str]) -> None:
    assert set(service(name).encryption_context) == pairs


def test_a_forwarded_call() -> None:
    pair = {"aws:s3:arn": "arn:aws:s3:::b/o"}
    assert context_of("s3", "us-east-1", "kms:Decrypt", encryption_context=pair) == {
        "aws:ViaAWSService": "true",
        "kms:ViaService": "s3.us-east-1.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/o",
        "kms:EncryptionContextKeys": ("aws:s3:arn",),
    }


def test_a_grant_that_a_service_makes_for_its_caller() -> None:
    context = context_of("ebs", "us-east-1", "kms:CreateGrant")
    assert context["kms:GrantIsForAWSResource"] == "true"
    assert context["kms:ViaService"] == "ec2.us-east-1.amazonaws.com"


def test_a_service_for_itself() -> None:
    context = context_of(
        "cloudtrail",
        "us-east-1",
        "kms:GenerateDataKey",
        way=Way.SERVICE,
        encryption_context={"aws:cloudtrail:arn": "arn:t"},
        source_arn="arn:t",
        source_account="111122223333",
    )
    assert context == {
        "aws:ViaAWSService": "false",
        "aws:SourceArn": "arn:t",
        "aws:SourceAccount": "111122223333",
        "kms:EncryptionContext:aws:cloudtrail:arn": "arn:t",
        "kms:EncryptionContextKeys": ("aws:cloudtrail:arn",),
    }


def test_the_source_is_absent_where_it_is_not_passed_or_the_service_is_not_the_caller() -> None:
    direct = context_of("s3", "us-east-1", "kms:Decrypt", way=Way.SERVICE)
    forwarded = context_of("s3", "us-east-1", "kms:Decrypt", source_arn="arn:b")
    assert "aws:SourceArn" not in {**direct, **forwarded}


def test_by_grant_nothing_is_forwarded() -> None:
    context = context_of(
        "ebs", "us-east-1", "kms:Decrypt", way=Way.GRANT, encryption_context={"aws:ebs:id": "vol-1"}
    )
    assert "kms:ViaService" not in context
    assert context["kms:EncryptionContext:aws:ebs:id"] == "vol-1"


def test_an_action_has_only_the_keys_that_it_carries() -> None:
    context = context_of("ebs", "us-east-1", "kms:DescribeKey", encryption_context={"aws:ebs:id": "vol-1"})
    assert set(context) == {"aws:ViaAWSService", "kms:ViaService"}


def test_unknown_names() -> None:
    with pytest.raises(RequestError, match="no profile of the service `efs`") as error:
        context_of("efs", "us-east-1", "kms:Decrypt")
    assert error.value.help is not None
    assert "secretsmanager" in error.value.help
    with pytest.raises(RequestError, match="no action `kms:ReEncrypt`"):
        context_of("s3", "us-east-1", "kms:ReEncrypt")
