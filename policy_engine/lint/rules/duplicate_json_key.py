"""S002 duplicate-json-key: one object has the same key twice.

What:
    Two members of one object have the same name, after escapes are resolved. In a Condition block names
    that differ only in case are the same, since IAM compares operators and condition keys without regard to
    case.

Why:
    Most JSON readers silently keep the last member, some the first. What a person reads is then not what
    decides, and two tools can disagree on what the policy says.

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
          "Condition": {"Bool": {"aws:SecureTransport": "true"}, "Bool": {"aws:ViaAWSService": "false"}}
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
          "Condition": {"Bool": {"aws:SecureTransport": "true", "aws:ViaAWSService": "false"}}
        }
      ]
    }
"""

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="S002",
    name="duplicate-json-key",
    severity=Severity.ERROR,
    summary="one object has the same key twice",
    where=(Where.KEY, Where.IDENTITY, Where.GRANT, Where.BUNDLE),
    docs=__doc__,
    codes=("duplicate-key",),
)
