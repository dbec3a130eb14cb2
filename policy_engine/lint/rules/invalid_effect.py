"""S007 invalid-effect: Effect is neither Allow nor Deny.

What:
    Effect has a value other than `Allow` and `Deny`, in exactly this case.

Why:
    AWS refuses the policy.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_effect.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
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

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="S007",
    name="invalid-effect",
    severity=Severity.ERROR,
    summary="Effect is neither Allow nor Deny",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    codes=("invalid-effect",),
)
