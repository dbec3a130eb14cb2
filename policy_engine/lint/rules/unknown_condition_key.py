"""C401 unknown-condition-key: AWS has no such condition key.

What:
    A Condition names a key with the prefix `kms:` or `aws:` that the catalogue does not have, a key without
    a prefix, or a key that lacks its free part, such as `kms:EncryptionContext` without a name. A close
    misspelling is an error; any other name is a warning, since it may be newer than the catalogue. Keys of
    other services are not looked at.

Why:
    AWS accepts the name, and no request carries it: an Allow never matches, and under a negated operator,
    or one with IfExists, the condition always holds and bounds nothing.
    See https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Action": "kms:*",
          "Resource": "*",
          "Condition": {"StringEqualsIfExists": {"aws:PrincipleOrgID": "o-a1b2c3d4e5"}}
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
          "Resource": "*",
          "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
        }
      ]
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.catalog.condition_keys import CONDITION_KEYS, find_key
from policy_engine.errors import Severity
from policy_engine.lint.rule import Hit, Rule, Where
from policy_engine.reading.elements import closest
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.lint.subject import Subject
    from policy_engine.model.condition import Condition

_OURS = ("kms:", "aws:")
# What follows the prefix → the whole name; where KMS and IAM have the same, the one of KMS.
_TAILS = {
    key.name.partition(":")[2]: key.name
    for prefix in reversed(_OURS)
    for key in CONDITION_KEYS.values()
    if key.name.startswith(prefix)
}


def _check(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements if subject.policy else ():
        for condition in statement.conditions:
            hit = _hit(condition)
            if hit is not None:
                yield hit


def _hit(condition: Condition) -> Hit | None:
    spelling = condition.spelling
    prefix, colon, tail = spelling.partition(":")
    ours = f"{ascii_lower(prefix)}:" in _OURS
    if find_key(spelling) is not None or (colon and not ours):
        return None
    if not colon:
        message = f"`{printable(spelling)}` is no condition key: it has no prefix"
        return Hit(condition.key_span, message, _meant(spelling) or "write a key such as kms:ViaService")
    incomplete = next(
        (k for k in CONDITION_KEYS.values() if k.is_prefix and _lacks_its_end(spelling, k.name)), None
    )
    if incomplete is not None:
        message = f"`{printable(spelling)}` lacks the name that belongs to it"
        return Hit(condition.key_span, message, f"write `{incomplete.name}` and a name")
    message = f"there is no condition key `{printable(spelling)}`"
    meant = _meant(tail)
    if meant is not None:
        return Hit(condition.key_span, message, meant)
    remedy = "remove it, or leave it if it is newer than this version's catalogue"
    return Hit(condition.key_span, message, remedy, Severity.WARNING)


def _lacks_its_end(spelling: str, prefix: str) -> bool:
    return ascii_lower(spelling).rstrip(":/") == ascii_lower(prefix).rstrip(":/")


def _meant(tail: str) -> str | None:
    found = closest(tail, tuple(_TAILS))
    return f"did you mean `{_TAILS[found]}`?" if found else None


RULE = Rule(
    id="C401",
    name="unknown-condition-key",
    severity=Severity.ERROR,
    summary="AWS has no such condition key",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    check=_check,
)
