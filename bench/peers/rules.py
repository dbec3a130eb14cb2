"""The workload's policies and grants as rules, in no engine's language: what every translation starts from.

A rule is one statement, or one grant: a grant is one more permission of its grantee, with the pairs of its
encryption context as tests. Wildcards in actions are resolved over the actions of the workload, as an author
of another language would list them. Rules come from the texts of the policies and not from what the engine
made of them. What the workload does not have (NotAction, quantifiers, policy variables, conditions on a
delegation to IAM) is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from bench import policies
from bench.account import ACCOUNT, key_arn, role_arn
from bench.stream import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.workload import Workload
    from policy_engine import Grant

    Statement = Mapping[str, object]

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
EVERYONE = "*"
ENCRYPTION_CONTEXT = "kms:EncryptionContext:"
KINDS = {
    "StringEquals": ("equals", False),
    "StringNotEquals": ("equals", True),
    "StringLike": ("like", False),
    "ArnLike": ("arn", False),
    "Bool": ("bool", False),
    "IpAddress": ("address", False),
    "NotIpAddress": ("address", True),
    "NumericLessThan": ("less", False),
}
"""The kind of test that an operator makes, and whether it is negated."""
TYPED = {
    "aws:SourceIp": "address",
    "aws:MultiFactorAuthAge": "less",
    "aws:MultiFactorAuthPresent": "bool",
    "aws:SecureTransport": "bool",
    "kms:GrantIsForAWSResource": "bool",
}
"""Condition keys whose values are not texts, and the kind of test that they take."""
_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


@dataclass(frozen=True, slots=True)
class Test:
    """One operator on one condition key; any of the values suffices.

    Attributes:
        kind: what is compared, a value of `KINDS`.
        key: the condition key.
        values: as the policy spells them.
        negated: whether none of the values may match.
        missing: the result where the request does not have the key.
    """

    kind: str
    key: str
    values: tuple[str, ...]
    negated: bool
    missing: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A statement or a grant.

    Attributes:
        allows: whether it allows; it denies otherwise.
        actions: in the order of the workload's actions.
        principals: ARNs, or `EVERYONE`.
        resources: ARNs, which may have wildcards.
        tests: all must hold.
        delegated: whether it counts only where the key policy delegates to IAM.
    """

    allows: bool
    actions: tuple[str, ...]
    principals: tuple[str, ...]
    resources: tuple[str, ...]
    tests: tuple[Test, ...]
    delegated: bool = False


class Rules:
    """The rules of an account, by key and by role; each is made when it is first asked for."""

    def __init__(self, work: Workload) -> None:
        self.size = work.size
        self.keys = {key_arn(key): key for key in range(self.size.keys)}
        self.roles = {role_arn(principal): principal for principal in range(self.size.principals)}
        self._engine = work.engine
        self._of_key = cache(self._read_key)
        self._of_role = cache(self._read_role)

    def delegates(self, key: str) -> bool:
        """Whether the policy of a key lets IAM policies count."""
        return self._of_key(key)[0]

    def of_key(self, key: str) -> tuple[Rule, ...]:
        """The statements of a key's policy, without the delegation, and its grants."""
        return self._of_key(key)[1]

    def of_role(self, role: str) -> tuple[Rule, ...]:
        """The statements of a role's policies."""
        return self._of_role(role)

    def of_pair(self, role: str, key: str) -> tuple[Rule, ...]:
        """What can count when a role asks about a key: the slice that users of another engine select."""
        own = [rule for rule in self.of_key(key) if EVERYONE in rule.principals or role in rule.principals]
        held = [
            rule
            for rule in self.of_role(role)
            if (self.delegates(key) or not rule.delegated)
            and any(wildcards(resource).fullmatch(key) for resource in rule.resources)
        ]
        return (*own, *held)

    def grants(self, key: str) -> tuple[Grant, ...]:
        """The grants on a key."""
        record = self._engine.key(key)
        return record.grants if record else ()

    def key_text(self, key: str) -> str:
        """The text of a key's policy."""
        return policies.key_policy(self.keys[key], self.size)

    def role_texts(self, role: str) -> tuple[str, ...]:
        """The texts of a role's policies."""
        return policies.identity_policies(self.roles[role])

    def _read_key(self, key: str) -> tuple[bool, tuple[Rule, ...]]:
        delegates, rules = False, list[Rule]()
        for statement in _statements(self.key_text(key)):
            principals = _texts(_member(statement, "Principal")["AWS"])
            if principals == (ROOT,):
                delegates = _is_plain_delegation(statement)
            else:
                rules.append(_rule(statement, principals, (key,), delegated=False))
        return delegates, (*rules, *(_granted(grant, key) for grant in self.grants(key)))

    def _read_role(self, role: str) -> tuple[Rule, ...]:
        return tuple(
            _rule(statement, (role,), _texts(statement["Resource"]), delegated=statement["Effect"] == "Allow")
            for text in self.role_texts(role)
            for statement in _statements(text)
        )


@cache
def wildcards(pattern: str) -> re.Pattern[str]:
    """The expression that a pattern with ``*`` and ``?`` stands for."""
    return re.compile(
        "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL
    )


@cache
def actions_of(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The actions of the workload that patterns cover."""
    return tuple(action for action in ACTIONS if any(wildcards(p).fullmatch(action) for p in patterns))


def _statements(text: str) -> Iterator[Statement]:
    for statement in json.loads(text)["Statement"]:
        if unknown := statement.keys() - _ELEMENTS:
            raise ValueError(f"no translation of {unknown}")
        yield statement


def _rule(
    statement: Statement, principals: tuple[str, ...], resources: tuple[str, ...], *, delegated: bool
) -> Rule:
    actions = actions_of(_texts(statement["Action"]))
    return Rule(
        statement["Effect"] == "Allow", actions, principals, resources, tuple(_tests(statement)), delegated
    )


def _tests(statement: Statement) -> Iterator[Test]:
    for operator, pairs in _member(statement, "Condition").items():
        name = operator.removesuffix("IfExists")
        if name not in KINDS:
            raise ValueError(f"no translation of {operator}")
        kind, negated = KINDS[name]
        for key, values in pairs.items():
            yield Test(kind, key, _texts(values), negated, missing=negated or name != operator)


def _granted(grant: Grant, key: str) -> Rule:
    pairs = grant.constraints.encryption_context_subset or {}
    tests = (
        Test("equals", ENCRYPTION_CONTEXT + name, (value,), negated=False, missing=False)
        for name, value in pairs.items()
    )
    actions = actions_of(tuple(f"kms:{operation}" for operation in grant.operations))
    return Rule(True, actions, (grant.grantee_principal,), (key,), tuple(tests))  # noqa: FBT003 - it allows


def _is_plain_delegation(statement: Statement) -> bool:
    if (statement["Effect"], statement["Action"], statement.get("Condition")) != ("Allow", "kms:*", None):
        raise ValueError("no translation of a delegation with limits")
    return True


def _member(statement: Statement, name: str) -> dict:
    return statement.get(name, {})


def _texts(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
