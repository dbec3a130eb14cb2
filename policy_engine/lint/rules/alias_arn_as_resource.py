"""R201 alias-arn-as-resource: the ARN of an alias stands where only keys match.

What:
    Resource names an alias. In a key policy that is always wrong. In other policies it is wrong in a
    statement none of whose actions is authorised on aliases (kms:CreateAlias, kms:UpdateAlias,
    kms:DeleteAlias).

Why:
    Operations on keys are authorised on the key's ARN even when they are called by alias, so the entry
    matches nothing. To select keys by alias, use the condition keys kms:RequestAlias or, in identity
    policies, kms:ResourceAliases.
    See https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "OrdersDecrypt",
          "Effect": "Allow",
          "Action": "kms:Decrypt",
          "Resource": "arn:aws:kms:us-east-1:111122223333:alias/orders"
        }
      ]
    }

Good:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "OrdersDecrypt",
          "Effect": "Allow",
          "Action": "kms:Decrypt",
          "Resource": "arn:aws:kms:us-east-1:111122223333:key/*",
          "Condition": {"StringEquals": {"kms:RequestAlias": "alias/orders"}}
        }
      ]
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.catalog.actions import ACTIONS
from policy_engine.errors import Severity
from policy_engine.graph.actions import ActionTest
from policy_engine.lint.rule import Hit, Rule, Where
from policy_engine.model.policy import PolicyKind
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.lint.subject import Subject
    from policy_engine.model.policy import ResourcePattern, Statement

_ON_ALIASES = tuple(name for name, action in ACTIONS.items() if "alias" in action.resources)
_HELP = "name the key, and bound the statement with kms:RequestAlias"
_HELP_IDENTITY = "name the key, or bound the statement with kms:RequestAlias or kms:ResourceAliases"


def is_alias(pattern: ResourcePattern) -> bool:
    """Whether a Resource entry can only match aliases."""
    arn = parse_arn(pattern.pattern.text)
    return arn is not None and arn.service == "kms" and arn.resource.startswith("alias/")


def _check(subject: Subject) -> Iterator[Hit]:
    in_key_policy = subject.kind is PolicyKind.KEY
    for statement in subject.policy.statements if subject.policy else ():
        if statement.resource is None or statement.resource.negated:
            continue
        if not in_key_policy and _acts_on_aliases(statement):
            continue
        for pattern in statement.resource.patterns:
            if is_alias(pattern):
                message = (
                    f"`{printable(pattern.pattern.text, 120)}` is an alias, and no action here is on aliases"
                )
                yield Hit(pattern.span, message, _HELP if in_key_policy else _HELP_IDENTITY)


def _acts_on_aliases(statement: Statement) -> bool:
    covers = ActionTest(statement.action).covers
    return any(covers(name) for name in _ON_ALIASES)


RULE = Rule(
    id="R201",
    name="alias-arn-as-resource",
    severity=Severity.ERROR,
    summary="the ARN of an alias stands where only keys match",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    check=_check,
)
