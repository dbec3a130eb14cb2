"""S006 wrong-json-type: a value has a JSON type that it cannot have.

What:
    A number, boolean, object or null stands where the language has a string or a list of strings, or the
    other way round. Condition values may be numbers and booleans.

Why:
    AWS refuses the policy. An account id that is written as a number also loses its leading zeros.

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": 111122223333},
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
          "Principal": {"AWS": "111122223333"},
          "Action": "kms:*",
          "Resource": "*"
        }
      ]
    }
"""

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="S006",
    name="wrong-json-type",
    severity=Severity.ERROR,
    summary="a value has a JSON type that it cannot have",
    where=(Where.KEY, Where.IDENTITY, Where.GRANT, Where.BUNDLE),
    docs=__doc__,
    codes=("not-an-object", "wrong-type", "wrong-value"),
)
