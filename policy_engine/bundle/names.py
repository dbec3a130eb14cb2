"""ARNs in a bundle, and what people call the things that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.syntax.arn import is_account_id, parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterable


def is_key_arn(text: str) -> bool:
    """Whether a text is the ARN of a KMS key."""
    return _is(text, "kms", "key/")


def is_group_arn(text: str) -> bool:
    """Whether a text is the ARN of an IAM group."""
    return _is(text, "iam", "group/")


def _is(text: str, service: str, prefix: str) -> bool:
    arn = parse_arn(text)
    if arn is None or arn.service != service or not is_account_id(arn.account):
        return False
    return arn.resource.startswith(prefix) and len(arn.resource) > len(prefix)


def short_name(arn: str) -> str:
    """The last part of an ARN: a key's id, a role's name."""
    return arn.rpartition("/")[2]


def key_name(arn: str, aliases: Iterable[str]) -> str:
    """What a key's policy is called: the key's first alias, or its id."""
    return next(iter(aliases), short_name(arn))
