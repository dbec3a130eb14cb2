"""A101 unknown-action: KMS has no such action.

What:
    An Action or NotAction entry, or an operation of a grant, names an action of KMS that the catalogue does
    not have. A close misspelling in a policy is an error; anything else is a warning, since it may be newer
    than the catalogue. Entries with wildcards and actions of other services are not looked at.

Why:
    AWS accepts the name and it matches nothing: the permission is missing, or a Deny denies nothing.
    See https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "OrdersDecrypt",
          "Effect": "Allow",
          "Action": "kms:Decyrpt",
          "Resource": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
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
          "Resource": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        }
      ]
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.catalog.actions import ACTIONS, find_action
from policy_engine.errors import Severity
from policy_engine.lint.rule import Hit, Rule, Where
from policy_engine.reading.elements import closest
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.lint.subject import Subject
    from policy_engine.model.policy import ActionPattern

_PREFIX = "kms:"
_NAMES = tuple(action.name.removeprefix(_PREFIX) for action in ACTIONS.values())
# API operations that are authorised under other names.
_OPERATIONS_WITH_OTHER_NAMES = {
    "kms:reencrypt": "kms:ReEncrypt*, which is kms:ReEncryptFrom and kms:ReEncryptTo"
}


def _check(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements if subject.policy else ():
        for entry in statement.action.patterns if statement.action else ():
            hit = _hit(entry)
            if hit is not None:
                yield hit


def _hit(entry: ActionPattern) -> Hit | None:
    name = entry.pattern.literal
    if name is None:
        return None
    if ":" not in name:
        message = f"`{printable(entry.spelling)}` is no action: it has no service"
        return Hit(entry.span, message, f"write `kms:{printable(entry.spelling)}`")
    if not name.startswith(_PREFIX) or find_action(name) is not None:
        return None
    message = f"KMS has no action `{printable(entry.spelling)}`"
    if name in _OPERATIONS_WITH_OTHER_NAMES:
        return Hit(entry.span, message, f"write {_OPERATIONS_WITH_OTHER_NAMES[name]}")
    meant = closest(name.removeprefix(_PREFIX), _NAMES)
    if meant is not None:
        return Hit(entry.span, message, f"did you mean `{_PREFIX}{meant}`?")
    remedy = "remove it, or leave it if it is newer than this version's catalogue"
    return Hit(entry.span, message, remedy, Severity.WARNING)


RULE = Rule(
    id="A101",
    name="unknown-action",
    severity=Severity.ERROR,
    summary="KMS has no such action",
    where=(Where.KEY, Where.IDENTITY, Where.GRANT),
    docs=__doc__,
    codes=("unknown-operation",),
    mild=Severity.WARNING,
    check=_check,
)
