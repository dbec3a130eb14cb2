"""S009 invalid-version: there is no policy version of this date.

What:
    Version is neither `2012-10-17` nor `2008-10-17`: often the date on which the policy was written.

Why:
    AWS refuses the policy: Version names a version of the language, not of the policy.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html

Bad:
    {
      "Version": "2026-11-23",
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
    id="S009",
    name="invalid-version",
    severity=Severity.ERROR,
    summary="there is no policy version of this date",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    codes=("invalid-version",),
)
