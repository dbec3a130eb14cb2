"""S017 variable-unsupported-here: a policy variable stands where it is not evaluated.

What:
    A policy variable stands where this version of the engine does not evaluate it. It refuses to load such
    a policy rather than to decide without the variable.

Why:
    What the statement allows depends on a value that is not looked at, so none of the rules that decide
    with the engine look at this policy.

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
          "Condition": {"StringEquals": {"aws:PrincipalTag/team": "${aws:username}"}}
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
    id="S017",
    name="variable-unsupported-here",
    severity=Severity.WARNING,
    summary="a policy variable stands where it is not evaluated",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    codes=("variable-not-supported",),
)
