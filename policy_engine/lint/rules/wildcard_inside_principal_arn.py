"""P307 wildcard-inside-principal-arn: the ARN of a principal has a wildcard.

What:
    The ARN of a principal holds `*` or `?`. Only `"*"` by itself is allowed, for everyone.

Why:
    AWS refuses the policy. To mean several roles, name everyone and bound the statement with the condition
    key aws:PrincipalArn and an account.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/app-*"]},
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
    id="P307",
    name="wildcard-inside-principal-arn",
    severity=Severity.ERROR,
    summary="the ARN of a principal has a wildcard",
    where=(Where.KEY,),
    docs=__doc__,
    codes=("wildcard-in-principal",),
)
