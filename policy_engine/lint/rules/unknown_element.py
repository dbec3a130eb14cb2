"""S003 unknown-element: there is no element of this name.

What:
    An object has a member that the policy language does not have, often a misspelling such as `Actions`. In
    a bundle or a dump of the AWS CLI: a field that its format does not have.

Why:
    AWS refuses the policy. A reader that skipped the member would lose what it says: a condition, for
    example.

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Resource": "*",
          "Actions": "kms:*"
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
    id="S003",
    name="unknown-element",
    severity=Severity.ERROR,
    summary="there is no element of this name",
    where=(Where.KEY, Where.IDENTITY, Where.GRANT, Where.BUNDLE),
    docs=__doc__,
    codes=("unknown-element", "unknown-field"),
)
