"""P314 principal-type-unsupported: a principal is of a type that does not work here.

What:
    A key policy names a Federated or CanonicalUser principal.

Why:
    KMS decides about IAM principals and services: a statement that names a federated provider matches no
    caller.
    See https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"Federated": "cognito-identity.amazonaws.com"},
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
    id="P314",
    name="principal-type-unsupported",
    severity=Severity.ERROR,
    summary="a principal is of a type that does not work here",
    where=(Where.KEY,),
    docs=__doc__,
    codes=("unsupported-principal",),
)
