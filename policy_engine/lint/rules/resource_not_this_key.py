"""R203 resource-not-this-key: a key policy's Resource names something else than its key.

What:
    A Resource entry of a key policy can never match the key that the policy belongs to: it names another
    key, a resource of another service, or is no ARN. Where the key is not known, two entries that name
    different keys cannot both be right. An alias is a matter of R201.

Why:
    A key policy speaks of its own key only, and a statement about another one has no effect, whatever it
    allows or denies. `"*"` means this key and no other.
    See https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Action": "kms:*",
          "Resource": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        },
        {
          "Sid": "App",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
          "Action": "kms:Decrypt",
          "Resource": "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-0987654321fe"
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
        },
        {
          "Sid": "App",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
          "Action": "kms:Decrypt",
          "Resource": "*"
        }
      ]
    }
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_engine.errors import Severity
from policy_engine.graph.resources import ResourceTest
from policy_engine.lint.rule import Hit, Rule, Where
from policy_engine.lint.rules.alias_arn_as_resource import is_alias
from policy_engine.model.policy import PolicyKind
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.lint.subject import Subject
    from policy_engine.model.policy import Policy, ResourceElement, ResourcePattern

_HELP = 'write "*", which in a key policy means this key'
_KEY = "key/"
_MULTI_REGION = "key/mrk-"
_UP_TO_WILDCARD = re.compile(r"[^*?]*")
_LONGEST = 120


def _check(subject: Subject) -> Iterator[Hit]:
    if subject.policy is None:
        return
    entries = [(element, p) for element, p in _entries(subject.policy) if not is_alias(p)]
    if subject.key_arn is not None:
        yield from _against(subject.key_arn, entries)
    else:
        yield from _against_each_other([pattern for _, pattern in entries])


def _entries(policy: Policy) -> Iterator[tuple[ResourceElement, ResourcePattern]]:
    for statement in policy.statements:
        if statement.resource is not None and not statement.resource.negated:
            for pattern in statement.resource.patterns:
                yield statement.resource, pattern


def _against(key_arn: str, entries: list[tuple[ResourceElement, ResourcePattern]]) -> Iterator[Hit]:
    for element, pattern in entries:
        alone = ResourceTest(replace(element, patterns=(pattern,)), PolicyKind.KEY)
        if not alone.covers(key_arn, "kms:decrypt", None):
            yield Hit(
                pattern.span,
                f"`{_shown(pattern)}` never matches this key, {printable(key_arn, _LONGEST)}",
                _HELP,
            )


def _against_each_other(patterns: list[ResourcePattern]) -> Iterator[Hit]:
    first: ResourcePattern | None = None
    for pattern in patterns:
        if not _can_be_a_key(pattern):
            yield Hit(pattern.span, f"`{_shown(pattern)}` matches no key", _HELP)
        elif pattern.pattern.literal is None or _is_multi_region(pattern):
            continue
        elif first is None:
            first = pattern
        elif pattern.pattern.text != first.pattern.text:
            message = f"`{_shown(pattern)}` is another key than an earlier statement names"
            yield Hit(pattern.span, message, _HELP, related=((first.span, "the other key"),))


def _can_be_a_key(pattern: ResourcePattern) -> bool:
    """Whether an entry is `*`, or an ARN that some key can have."""
    text = pattern.pattern.text
    if set(text) == {"*"}:
        return True
    arn = parse_arn(text)
    if arn is None or arn.service != "kms":
        return False
    match = _UP_TO_WILDCARD.match(arn.resource)
    beginning = match[0] if match else ""
    return beginning.startswith(_KEY) or (beginning != arn.resource and _KEY.startswith(beginning))


def _is_multi_region(pattern: ResourcePattern) -> bool:
    """Whether an entry names a multi-Region key, whose replicas may share one policy that names them all."""
    arn = parse_arn(pattern.pattern.text)
    return arn is not None and arn.resource.startswith(_MULTI_REGION)


def _shown(pattern: ResourcePattern) -> str:
    return printable(pattern.pattern.text, _LONGEST)


RULE = Rule(
    id="R203",
    name="resource-not-this-key",
    severity=Severity.ERROR,
    summary="a key policy's Resource names something else than its key",
    where=(Where.KEY,),
    docs=__doc__,
    check=_check,
)
