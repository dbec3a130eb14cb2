"""C405 unknown-operator: there is no such condition operator.

What:
    A Condition block names an operator that the policy language does not have, such as `StringEqual`.
    Operators ignore case.

Why:
    AWS refuses an unknown operator. The engine refuses it too, rather than to take the condition for met;
    the rules that decide with the engine do not look at such a policy.
    See
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html

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
          "Condition": {"StringEqual": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
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
          "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
        }
      ]
    }
"""

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="C405",
    name="unknown-operator",
    severity=Severity.ERROR,
    summary="there is no such condition operator",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    codes=("unknown-operator",),
)
