"""I601 principal-in-identity-policy: a policy that is attached to somebody names principals.

What:
    A policy of a user, group or role, a permissions boundary, a session policy or an SCP has a Principal or
    NotPrincipal.

Why:
    AWS refuses it: the principal is whoever the policy is attached to. Perhaps it was written as a key
    policy.

Bad:
    {
      "schema": "kmsgate/bundle/1",
      "principals": [
        {
          "Arn": "arn:aws:iam::111122223333:role/app",
          "IdentityPolicies": [
            {
              "PolicyName": "orders",
              "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": {
                  "Effect": "Allow",
                  "Principal": "*",
                  "Action": "kms:Decrypt",
                  "Resource": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
                }
              }
            }
          ]
        }
      ]
    }

Good:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "OrdersDecrypt",
          "Effect": "Allow",
          "Action": "kms:Decrypt",
          "Resource": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        }
      ]
    }
"""

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="I601",
    name="principal-in-identity-policy",
    severity=Severity.ERROR,
    summary="a policy that is attached to somebody names principals",
    where=(Where.IDENTITY,),
    docs=__doc__,
    codes=("element-not-allowed",),
)
