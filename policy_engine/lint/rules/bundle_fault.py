"""B001 bundle-fault: what was loaded does not fit together.

What:
    The files are read, but they make no bundle: one thing is defined twice and differently, a user is in a
    group that nothing defines, a policy that is attached is not there, a dump was cut off, a grant says
    what is not evaluated.

Why:
    A decision from it would be a guess, so loading refuses it; the rules that look at everything together
    do not run. What is unknown but cannot be otherwise, such as the text of an AWS managed policy, is a
    warning.

Bad:
    {
      "schema": "kmsgate/bundle/1",
      "principals": [
        {
          "Arn": "arn:aws:iam::111122223333:user/alice",
          "Groups": ["arn:aws:iam::111122223333:group/Developers"],
          "IdentityPolicies": []
        }
      ]
    }

Good:
    {
      "schema": "kmsgate/bundle/1",
      "principals": [
        {
          "Arn": "arn:aws:iam::111122223333:user/alice",
          "Groups": ["arn:aws:iam::111122223333:group/Developers"],
          "IdentityPolicies": []
        }
      ],
      "groups": [{"Arn": "arn:aws:iam::111122223333:group/Developers", "IdentityPolicies": []}]
    }
"""

from policy_engine.errors import Severity
from policy_engine.lint.rule import Rule, Where

RULE = Rule(
    id="B001",
    name="bundle-fault",
    severity=Severity.WARNING,
    summary="what was loaded does not fit together",
    where=(Where.BUNDLE, Where.GRANT),
    docs=__doc__,
    codes=(
        "absolute-path",
        "duplicate-definition",
        "incomplete-dump",
        "invalid-account",
        "invalid-alias",
        "invalid-id",
        "misplaced-policies",
        "no-default-version",
        "no-key-in-folder",
        "several-keys-in-folder",
        "unknown-grantee",
        "unknown-group",
        "unknown-policy-name",
        "unresolved-policy",
        "wrong-key",
    ),
)
