"""P301 public-key: anybody in any AWS account can use the key.

What:
    A statement allows principals of accounts that the policy does not name. Decided with the engine: an
    outsider with every permission of its own is tried with every context that the policy tells apart. What
    a caller can choose (encryption context, the service that it comes through, its tags) bounds the
    request, not the caller; what bounds the caller is its account, its ARN, its organization or its
    network.

Why:
    Whoever learns the key's ARN can use it, and nothing in the account that owns the key says who.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-resources.html

Bad:
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
          "Sid": "ThroughS3",
          "Effect": "Allow",
          "Principal": "*",
          "Action": "kms:Decrypt",
          "Resource": "*",
          "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
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
          "Sid": "ThroughS3",
          "Effect": "Allow",
          "Principal": "*",
          "Action": "kms:Decrypt",
          "Resource": "*",
          "Condition": {
            "StringEquals": {
              "kms:CallerAccount": "111122223333",
              "kms:ViaService": "s3.us-east-1.amazonaws.com"
            }
          }
        }
      ]
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.analysis.exposure import Exposure, find_exposures
from policy_engine.errors import Severity
from policy_engine.lint.rule import Hit, Rule, Where
from policy_engine.model.principal import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.lint.subject import Subject
    from policy_engine.model.policy import Statement
    from policy_engine.span import Span

_EVERYONE = frozenset({EntryKind.EVERYONE, EntryKind.EVERY_AWS})
_NAMED_ACTIONS = 2


def _check(subject: Subject) -> Iterator[Hit]:
    if subject.whole is None:
        return
    for exposure in find_exposures(subject.whole, subject.key_arn):
        yield _hit(exposure)


def _hit(exposure: Exposure) -> Hit:
    span = _principal_span(exposure.statement)
    if not exposure.complete:
        message = "whether this statement lets in other AWS accounts could not be decided"
        return Hit(span, message, "write fewer conditions, or name the principals")
    message = f"a principal of any AWS account can {_listed(exposure.actions)} with this key"
    remedy = "name the principals, or bound who calls with kms:CallerAccount or aws:PrincipalOrgID"
    return Hit(span, message, remedy, witness=exposure.witness)


def _principal_span(statement: Statement) -> Span:
    element = statement.principal
    if element is None:
        return statement.span
    return next((entry.span for entry in element.entries if entry.kind in _EVERYONE), element.span)


def _listed(actions: tuple[str, ...]) -> str:
    shown = ", ".join(actions[:_NAMED_ACTIONS])
    more = len(actions) - _NAMED_ACTIONS
    return f"{shown} and {more} more" if more > 0 else shown


RULE = Rule(
    id="P301",
    name="public-key",
    severity=Severity.SECURITY,
    summary="anybody in any AWS account can use the key",
    where=(Where.KEY,),
    docs=__doc__,
    check=_check,
)
