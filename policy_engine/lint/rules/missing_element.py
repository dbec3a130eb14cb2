"""S004 missing-element: an element that must be there is missing.

What:
    A policy has no Statement, or a statement has no Effect, no Principal (key policies), or no Action or
    Resource. In a bundle or a dump of the AWS CLI: a field that must be there is not.

Why:
    AWS refuses most of these. A key policy's statement without Action or Resource is accepted and has no
    effect at all, so whoever relies on it has no access, and a Deny without Resource denies nothing.
    See https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Action": "kms:*"
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

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="S004",
    name="missing-element",
    severity=Severity.ERROR,
    summary="an element that must be there is missing",
    where=(Where.KEY, Where.IDENTITY, Where.GRANT, Where.BUNDLE),
    docs=__doc__,
    codes=("missing-element", "missing-field", "missing-policy", "no-effect"),
)
