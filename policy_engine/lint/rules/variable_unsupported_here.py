"""S017 variable-unsupported-here: a policy variable stands where it is never replaced.

What:
    `${...}` stands in an Action, in the name of a condition key, or in a value of an operator for numbers,
    dates, booleans, bytes, IP addresses or Null; or it stands anywhere in a policy of Version 2008-10-17,
    which a policy without Version has. Variables are replaced in Resource and in the values of String and
    Arn operators, under Version 2012-10-17.

Why:
    AWS takes `${aws:username}` there for these very characters, or for a value that cannot be read. An Allow
    never matches, and a Deny never denies what it was written for.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html

Bad:
    {
      "Version": "2008-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Action": "kms:*",
          "Resource": "*",
          "Condition": {"StringEquals": {"aws:PrincipalTag/owner": "${aws:username}"}}
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
          "Condition": {"StringEquals": {"aws:PrincipalTag/owner": "${aws:username}"}}
        }
      ]
    }
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_engine.conditions.operators import OPERATORS
from policy_engine.errors import Severity
from policy_engine.lint.rule import Hit, Rule, Where
from policy_engine.model.policy import Version
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.lint.subject import Subject
    from policy_engine.model.condition import Condition
    from policy_engine.model.policy import Statement
    from policy_engine.span import Span

_VARIABLE = re.compile(r"\$\{[^{}]*\}")
_NEEDS_VERSION = 'write "Version": "2012-10-17"'
_WRITE_VALUE = "write the value itself"

_Place = tuple[str, "Span", str]
"""A text, where it stands, and what stands there."""


def _check(subject: Subject) -> Iterator[Hit]:
    if subject.policy is None:
        return
    old = subject.policy.version is Version.V2008
    for statement in subject.policy.statements:
        yield from _hits(_never_replaced(statement), "in", _WRITE_VALUE)
        if old:
            yield from _hits(_replaced_today(statement), "under Version 2008-10-17, in", _NEEDS_VERSION)


def _hits(places: Iterator[_Place], where: str, remedy: str) -> Iterator[Hit]:
    for text, span, what in places:
        found = _VARIABLE.search(text)
        if found is not None:
            message = f"the policy variable `{printable(found[0])}` is not replaced {where} {what}"
            yield Hit(span, message, remedy)


def _never_replaced(statement: Statement) -> Iterator[_Place]:
    """The texts in which `${` begins no variable under any version."""
    for action in statement.action.patterns if statement.action else ():
        yield action.spelling, action.span, "an action"
    for condition in statement.conditions:
        yield condition.spelling, condition.key_span, "the name of a condition key"
        if not OPERATORS[condition.operator.name].variables:
            yield from _values(condition)


def _replaced_today(statement: Statement) -> Iterator[_Place]:
    """The texts in which Version 2012-10-17 replaces variables."""
    for resource in statement.resource.patterns if statement.resource else ():
        yield resource.pattern.text, resource.span, "a resource"
    for condition in statement.conditions:
        if OPERATORS[condition.operator.name].variables:
            yield from _values(condition)


def _values(condition: Condition) -> Iterator[_Place]:
    for value in condition.values:
        yield value.text, value.span, f"a value of {condition.operator.name}"


RULE = Rule(
    id="S017",
    name="variable-unsupported-here",
    severity=Severity.WARNING,
    summary="a policy variable stands where it is never replaced",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    check=_check,
)
