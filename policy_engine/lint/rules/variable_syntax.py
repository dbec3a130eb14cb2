"""S016 variable-syntax: a policy variable is broken.

What:
    `${` begins no policy variable: the brace is not closed, the name is empty, or the default value is not
    in single quotes.

Why:
    AWS refuses it, or takes it literally, so the statement never matches what it was written for.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html

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
          "Condition": {"StringEquals": {"aws:PrincipalTag/team": "${aws:username"}}
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
          "Condition": {"StringEquals": {"aws:PrincipalTag/team": "keys"}}
        }
      ]
    }
"""

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="S016",
    name="variable-syntax",
    severity=Severity.ERROR,
    summary="a policy variable is broken",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    codes=("bad-variable",),
)
