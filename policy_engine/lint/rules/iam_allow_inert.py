"""X901 iam-allow-inert: an identity policy allows what the key policy does not delegate.

What:
    An Action entry of an identity policy is about keys of the principal's own account, and on none of them
    it allows anything, because their key policies do not let the account's IAM policies count for it.
    Decided with the engine on everything that was loaded: no context allows any of it, and with the
    delegation added it is allowed. What a Deny, a permissions boundary or an SCP takes away is not reported
    here, and kms:RetireGrant is not counted: key policies have no say in it.

Why:
    KMS keys are the exception among AWS resources: an identity policy alone gives no access to them. The
    access that the policy promises does not exist.
    See https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html

Bad:
    {
      "schema": "kmsgate/bundle/1",
      "keys": [
        {
          "Arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
          "Policy": {
            "Version": "2012-10-17",
            "Statement": [
              {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:role/admin"},
                "Action": "kms:*",
                "Resource": "*"
              }
            ]
          }
        }
      ],
      "principals": [
        {
          "Arn": "arn:aws:iam::111122223333:role/app",
          "IdentityPolicies": [
            {
              "PolicyName": "orders",
              "PolicyDocument": {
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
            }
          ]
        }
      ]
    }

Good:
    {
      "schema": "kmsgate/bundle/1",
      "keys": [
        {
          "Arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
          "Policy": {
            "Version": "2012-10-17",
            "Statement": [
              {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "kms:*",
                "Resource": "*"
              }
            ]
          }
        }
      ],
      "principals": [
        {
          "Arn": "arn:aws:iam::111122223333:role/app",
          "IdentityPolicies": [
            {
              "PolicyName": "orders",
              "PolicyDocument": {
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
            }
          ]
        }
      ]
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.analysis.inert_allows import InertAllow, find_inert_allows
from policy_engine.errors import Severity
from policy_engine.lint.rule import Hit, Rule, Where
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.model.bundle import Bundle
    from policy_engine.span import Span

_LONGEST = 120


def _check(bundle: Bundle) -> Iterator[Hit]:
    """One hit for each Action entry, whoever holds the policy."""
    by_entry: dict[Span, list[InertAllow]] = {}
    for inert in find_inert_allows(bundle):
        by_entry.setdefault(inert.action[1], []).append(inert)
    for span, found in by_entry.items():
        yield _hit(span, found)


def _hit(span: Span, found: list[InertAllow]) -> Hit:
    keys = {key.arn: key for inert in found for key in inert.keys}
    holders = list(dict.fromkeys(inert.principal for inert in found))
    action = printable(found[0].action[0])
    message = (
        f"`{action}` allows {_counted(holders)} nothing on {_counted(list(keys))}: "
        f"{'the key policy does' if len(keys) == 1 else 'the key policies do'} not delegate it to IAM"
    )
    remedy = "let the key policy delegate it to the account, or name the principal there"
    related = tuple(
        (key.policy.span, f"the key policy of {printable(key.arn, _LONGEST)}")
        for key in keys.values()
        if key.policy
    )
    return Hit(span, message, remedy, related=related, witness=found[0].witness)


def _counted(arns: list[str]) -> str:
    first = printable(arns[0], _LONGEST)
    return first if len(arns) == 1 else f"{first} and {len(arns) - 1} more"


RULE = Rule(
    id="X901",
    name="iam-allow-inert",
    severity=Severity.WARNING,
    summary="an identity policy allows what the key policy does not delegate",
    where=(Where.BUNDLE,),
    docs=__doc__,
    check_bundle=_check,
)
