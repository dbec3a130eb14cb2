"""P305 malformed-principal: this is no principal.

What:
    A Principal is neither `"*"` nor an object, or names what is neither an account id, the ARN of an
    account's root, a user, a role or a session, nor a service such as `s3.amazonaws.com`.

Why:
    AWS refuses the policy.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::1111-2222-3333:root"},
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
    id="P305",
    name="malformed-principal",
    severity=Severity.ERROR,
    summary="this is no principal",
    where=(Where.KEY,),
    docs=__doc__,
    codes=("invalid-principal",),
)
