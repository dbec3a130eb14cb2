"""R202 malformed-arn: this is not the ARN of what it should name.

What:
    A bundle or a dump of the AWS CLI names a key, principal or group by something that is not the ARN of
    one: too few parts, another service, an account id without twelve digits.

Why:
    Nothing can be decided for what is not named: the whole bundle is refused.
    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html

Bad:
    {
      "schema": "kmsgate/bundle/1",
      "principals": [{"Arn": "arn:aws:iam::1111:role/app", "IdentityPolicies": []}]
    }

Good:
    {
      "schema": "kmsgate/bundle/1",
      "principals": [{"Arn": "arn:aws:iam::111122223333:role/app", "IdentityPolicies": []}]
    }
"""

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="R202",
    name="malformed-arn",
    severity=Severity.ERROR,
    summary="this is not the ARN of what it should name",
    where=(Where.BUNDLE,),
    docs=__doc__,
    codes=("invalid-arn",),
)
