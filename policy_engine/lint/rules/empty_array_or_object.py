"""S013 empty-array-or-object: a list or block is empty.

What:
    A list of statements, actions, resources, principals or condition values is empty, or a Condition block
    or an operator in it holds nothing.

Why:
    An empty list of actions, resources or principals matches nothing, so the statement has no effect. An
    empty Condition is no condition: it bounds nothing, although it looks as if it did.

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
          "Condition": {}
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
    id="S013",
    name="empty-array-or-object",
    severity=Severity.NOTE,
    summary="a list or block is empty",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    codes=("empty-condition", "empty-list"),
)
