"""K502 no-root-delegation: the key policy does not let the account's IAM policies count.

What:
    No Allow statement names the account (`arn:aws:iam::ACCOUNT:root`, or its twelve digits) for an action of
    KMS on keys.

    Keys that AWS manages are left out, where that is known.

Why:
    Identity policies then allow nothing on this key; only their denies have effect. Whoever is to have
    access must be named here or hold a grant, and administrators who leave take the key's management with
    them.
    See https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Administrator",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:role/admin"},
          "Action": "kms:*",
          "Resource": "*"
        }
      ]
    }

Good:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Action": "kms:*",
          "Resource": "*"
        }
      ]
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.analysis.standpoint import named_accounts
from policy_engine.catalog.actions import ACTIONS
from policy_engine.errors import Severity
from policy_engine.graph.actions import ActionTest
from policy_engine.lint.rule import Hit, Rule, Where
from policy_engine.model.policy import Effect
from policy_engine.model.principal import EntryKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.lint.subject import Subject
    from policy_engine.model.policy import Statement

_ON_KEYS = tuple(name for name, action in ACTIONS.items() if action.has_key)


def _check(subject: Subject) -> Iterator[Hit]:
    policy = subject.whole
    if policy is None or subject.aws_managed:
        return
    key = parse_arn(subject.key_arn) if subject.key_arn else None
    delegated = {account for statement in policy.statements for account in _delegated(statement)}
    if delegated and (key is None or key.account in delegated):
        return
    account = key.account if key else next(iter(named_accounts(policy)), "ACCOUNT")
    message = "this key policy does not let IAM policies count: identity policies allow nothing on this key"
    yield Hit(subject.statements_span, message, f"allow arn:aws:iam::{account}:root kms:* on *")


def _delegated(statement: Statement) -> Iterator[str]:
    """The accounts whose IAM policies a statement lets count."""
    element = statement.principal
    if statement.effect is not Effect.ALLOW or element is None or element.negated:
        return
    covers = ActionTest(statement.action).covers
    if statement.resource is not None and any(covers(name) for name in _ON_KEYS):
        yield from (entry.value for entry in element.entries if entry.kind is EntryKind.ACCOUNT)


RULE = Rule(
    id="K502",
    name="no-root-delegation",
    severity=Severity.WARNING,
    summary="the key policy does not let the account's IAM policies count",
    where=(Where.KEY,),
    docs=__doc__,
    check=_check,
)
