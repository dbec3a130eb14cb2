"""What the developer guide's table of permissions says of KMS actions: no key, and use across accounts.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
The rules: 30, 31 and 44 of the semantics page. All names in lower case (rule 68).
"""

from __future__ import annotations

WITHOUT_KEY = frozenset(
    {
        "kms:connectcustomkeystore",
        "kms:createcustomkeystore",
        "kms:createkey",
        "kms:deletecustomkeystore",
        "kms:describecustomkeystores",
        "kms:disconnectcustomkeystore",
        "kms:generaterandom",
        "kms:listaliases",
        "kms:listkeys",
        "kms:listretirablegrants",
        "kms:updatecustomkeystore",
    }
)
ALSO_ON_ACCOUNT = frozenset({"kms:createkey", "kms:listkeys"})
"""Their Resource may also be `arn:P:kms:REGION:ACCOUNT:*`."""
ACROSS_ACCOUNTS = frozenset(
    {
        "kms:creategrant",
        "kms:decapsulate",
        "kms:decrypt",
        "kms:derivesharedsecret",
        "kms:describekey",
        "kms:encapsulate",
        "kms:encrypt",
        "kms:generatedatakey",
        "kms:generatedatakeypair",
        "kms:generatedatakeypairwithoutplaintext",
        "kms:generatedatakeywithoutplaintext",
        "kms:generatemac",
        "kms:getkeyrotationstatus",
        "kms:getpublickey",
        "kms:listgrants",
        "kms:reencryptfrom",
        "kms:reencryptto",
        "kms:retiregrant",
        "kms:revokegrant",
        "kms:sign",
        "kms:verify",
        "kms:verifymac",
    }
)
CONSTRAINT_IGNORED = frozenset({"kms:describekey", "kms:retiregrant"})
"""Encryption-context constraints of grants do not count for these (rule 44)."""
