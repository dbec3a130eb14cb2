"""S001 json-syntax: the text is not JSON.

What:
    The text is not what RFC 8259 calls JSON: a comment, a comma before a closing bracket, single quotes, a
    string that is not closed, and the like. Texts that no policy needs count as well: nested too deeply,
    too large, half of a surrogate pair, a byte-order mark. In YAML, so do scalars that YAML's versions read
    differently.

Why:
    AWS refuses the policy. Tools that read more than JSON accept it, so the mistake shows only when it is
    applied.

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
    id="S001",
    name="json-syntax",
    severity=Severity.ERROR,
    summary="the text is not JSON",
    where=(Where.KEY, Where.IDENTITY, Where.GRANT, Where.BUNDLE),
    docs=__doc__,
    codes=(
        "ambiguous-scalar",
        "bad-escape",
        "bad-literal",
        "bad-number",
        "byte-order-mark",
        "comment",
        "control-character",
        "empty",
        "key-expected",
        "lone-surrogate",
        "missing-colon",
        "missing-comma",
        "not-a-number",
        "not-json",
        "not-utf-8",
        "number-out-of-range",
        "number-too-long",
        "raw-newline",
        "single-quote",
        "too-deep",
        "too-large",
        "trailing-comma",
        "trailing-text",
        "typographic-quote",
        "unexpected-character",
        "unexpected-end",
        "unterminated-string",
        "value-expected",
        "yaml-alias",
        "yaml-documents",
        "yaml-key",
        "yaml-merge-key",
        "yaml-syntax",
        "yaml-tag",
        "yaml-version",
    ),
)
