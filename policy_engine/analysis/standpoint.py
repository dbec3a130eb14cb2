"""What has to be assumed to ask a key policy that stands alone a question: which key, in which account.

A policy file seldom says whose key it is for. Every account that it names may be the key's, and every key
that its Resource elements name may be the key; a question is asked from each such standpoint. Where a policy
names no account at all, any account is as good as another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.analysis.samples import sample
from policy_engine.model.principal import EntryKind
from policy_engine.syntax.arn import Arn, is_account_id, parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.model.condition import Condition
    from policy_engine.model.policy import Policy
    from policy_engine.model.principal import PrincipalEntry

EXAMPLE_ACCOUNT = "111122223333"
_KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
_REGION = "us-east-1"
MAX_KEYS = 16
"""How many standpoints are tried; a policy that names more accounts than this is asked from the first."""


def named_accounts(policy: Policy) -> tuple[str, ...]:
    """The account ids that a policy names anywhere: principals first, then resources, then conditions."""
    return tuple(dict.fromkeys(account for account in _accounts(policy) if is_account_id(account)))


def possible_keys(policy: Policy, key_arn: str | None = None) -> tuple[str, ...]:
    """The ARNs of the keys that a key policy may belong to; `key_arn` alone where that is known."""
    if key_arn is not None:
        return (key_arn,)
    accounts = named_accounts(policy) or (EXAMPLE_ACCOUNT,)
    partition = partition_of(policy)
    plain = [str(Arn(partition, "kms", _REGION, account, f"key/{_KEY_ID}")) for account in accounts]
    return tuple(dict.fromkeys([*_named_keys(policy, accounts), *plain]))[:MAX_KEYS]


def partition_of(policy: Policy) -> str:
    """The partition of the first ARN among the principals; `aws` where there is none."""
    arns = (parse_arn(entry.spelling) for entry in _entries(policy))
    return next((arn.partition for arn in arns if arn is not None), "aws")


def _entries(policy: Policy) -> Iterator[PrincipalEntry]:
    for statement in policy.statements:
        if statement.principal is not None:
            yield from statement.principal.entries


def _accounts(policy: Policy) -> Iterator[str]:
    for entry in _entries(policy):
        if entry.kind is EntryKind.ACCOUNT:
            yield entry.value
        elif arn := parse_arn(entry.value):
            yield arn.account
    for statement in policy.statements:
        for pattern in statement.resource.patterns if statement.resource else ():
            if arn := parse_arn(pattern.pattern.text):
                yield arn.account
        for condition in statement.conditions:
            yield from _accounts_of(condition)


def _accounts_of(condition: Condition) -> Iterator[str]:
    for value in condition.values:
        arn = parse_arn(value.text)
        yield arn.account if arn else value.text


def _named_keys(policy: Policy, accounts: tuple[str, ...]) -> Iterator[str]:
    """A key for each Resource that is an ARN of one, with wildcards filled in."""
    for statement in policy.statements:
        for pattern in statement.resource.patterns if statement.resource else ():
            arn = parse_arn(pattern.pattern.text)
            if arn is None or arn.service != "kms" or arn.resource.startswith("alias/"):
                continue
            owners = (arn.account,) if is_account_id(arn.account) else accounts
            for owner in owners:
                yield _filled(arn, owner, sample(pattern.pattern))


def _filled(arn: Arn, account: str, text: str) -> str:
    filled = parse_arn(text) or arn
    region = _REGION if "*" in arn.region or "?" in arn.region else arn.region
    key = filled.resource if filled.resource.startswith("key/") else f"key/{_KEY_ID}"
    return str(Arn(arn.partition if "*" not in arn.partition else "aws", "kms", region, account, key))
