"""S005 element-conflict: an element stands beside its negation.

What:
    A statement has both Action and NotAction, Resource and NotResource, or Principal and NotPrincipal.

Why:
    AWS refuses the policy: the grammar allows one of each pair.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

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
          "NotAction": "kms:Decrypt"
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
    id="S005",
    name="element-conflict",
    severity=Severity.ERROR,
    summary="an element stands beside its negation",
    where=(Where.KEY, Where.IDENTITY, Where.BUNDLE),
    docs=__doc__,
    codes=("element-conflict",),
)
