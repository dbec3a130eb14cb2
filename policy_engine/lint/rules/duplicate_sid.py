"""S010 duplicate-sid: two statements have the same Sid.

What:
    Two statements of one policy have the same Sid. In identity policies this is an error.

Why:
    IAM refuses an identity policy with it. Elsewhere a finding, a log line or a reviewer that names the Sid
    does not say which statement is meant.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Keys",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Action": "kms:*",
          "Resource": "*"
        },
        {
          "Sid": "Keys",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
          "Action": "kms:Decrypt",
          "Resource": "*"
        }
      ]
    }

Good:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Keys",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Action": "kms:*",
          "Resource": "*"
        },
        {
          "Sid": "App",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
          "Action": "kms:Decrypt",
          "Resource": "*"
        }
      ]
    }
"""

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where
from policy_engine.model.policy import PolicyKind

RULE = Rule(
    id="S010",
    name="duplicate-sid",
    severity=Severity.WARNING,
    summary="two statements have the same Sid",
    where=(Where.KEY, Where.IDENTITY),
    docs=__doc__,
    codes=("duplicate-sid",),
    stricter={PolicyKind.IDENTITY: Severity.ERROR},
)
