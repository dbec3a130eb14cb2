r"""S015 forbidden-character: a name holds an invisible character or a look-alike.

What:
    An action, resource, principal or condition key holds a control character, a bidirectional override or a
    zero-width character; or an action, a principal or a condition key any character that is not ASCII. Only
    what tags and pairs of the encryption context are called, after the key's own name, is free.

Why:
    No such name has them. What the policy shows is not what it says: `kms:D\u0435crypt` with a Cyrillic
    letter looks like `kms:Decrypt` and allows nothing.

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Action": ["kms:D\u0435crypt", "kms:*"],
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
          "Action": ["kms:Decrypt", "kms:*"],
          "Resource": "*"
        }
      ]
    }
"""

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="S015",
    name="forbidden-character",
    severity=Severity.ERROR,
    summary="a name holds an invisible character or a look-alike",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    codes=("forbidden-character",),
)
