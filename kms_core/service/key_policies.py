"""Key policies as documents: the default one, what may be put, and the lock-out safety check.

Not the operations on them (`policies`).
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html and key-policy-default.html.
Statements without Action or Resource are accepted and have no effect, as the service has it; `read_policy`
says what else is refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from kms_core.errors import LimitExceededError, MalformedPolicyDocumentError
from kms_core.model.key_attributes import NO_ATTRIBUTES, KeyAttributes
from kms_core.model.operations import Operation
from kms_core.service.context import key_policy, of_call
from kms_core.service.key_access import record_of
from kms_core.service.parameters import check_length
from policy_engine import Request
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.errors import PolicySchemaError, PolicySyntaxError
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy
from policy_engine.span import Source, Span
from policy_engine.syntax.json_faults import printable
from policy_engine.syntax.operator_name import Quantifier

if TYPE_CHECKING:
    from kms_core.model.caller import Caller
    from kms_core.model.key import KeyMetadata
    from policy_engine import PolicyEngine
    from policy_engine.model.policy import Policy

MAX_BYTES = 32_768
MOST_REMEMBERED = 64
"""How many texts are remembered with the policies that they are; what is refused is not."""
_MAX_LENGTH = 131_072
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\xff]")
_FILE = "<key policy>"
_CHOSEN = (ENCRYPTION_CONTEXT, "aws:RequestTag/")
"""Condition keys whose names callers choose."""
_LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


_DEFAULT = """{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "%s"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}"""


def default_key_policy(partition: str, account: str) -> str:
    """The policy of a key that is made without one, to the letter: it delegates to the account's IAM."""
    return _DEFAULT % f"arn:{partition}:iam::{account}:root"


@lru_cache(MOST_REMEMBERED)
def read_key_policy(text: str) -> Policy:
    """Read a key policy that is to be put; most keys of an account have one of few.

    Raises:
        ValidationError: it is empty, or longer than any request may be.
        LimitExceededError: it is over 32,768 bytes.
        MalformedPolicyDocumentError: it holds a forbidden character, or is no key policy; says where.
    """
    check_length("policy", text, 1, _MAX_LENGTH)
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        where = Span(Source(_FILE, text), forbidden.start(), forbidden.end())
        raise MalformedPolicyDocumentError(
            f"{where}: the character U+{ord(forbidden.group()):04X} may not stand in a key policy"
        )
    if len(text.encode()) > MAX_BYTES:
        raise LimitExceededError(f"the key policy has {len(text.encode())} bytes; the most is {MAX_BYTES}")
    try:
        policy = read_policy(text, kind=PolicyKind.KEY, name="default", file=_FILE)
    except (PolicySyntaxError, PolicySchemaError) as error:
        raise MalformedPolicyDocumentError(str(error)) from error
    _require_no_overly_permissive_condition(policy)
    return policy


def _require_no_overly_permissive_condition(policy: Policy) -> None:
    """ForAllValues holds where a key is absent, so the service refuses it where callers choose the keys.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
    """
    for statement in policy.statements:
        for condition in statement.conditions:
            if condition.operator.quantifier is Quantifier.ALL and condition.key.startswith(_CHOSEN):
                raise MalformedPolicyDocumentError(
                    f"{condition.operator_span}: OverlyPermissiveCondition: ForAllValues may not be used "
                    f"with the condition key `{printable(condition.spelling)}` in a key policy"
                )


def require_no_lockout(
    engine: PolicyEngine,
    caller: Caller,
    region: str,
    key: KeyMetadata,
    policy: Policy,
    attributes: KeyAttributes = NO_ATTRIBUTES,
) -> None:
    """The lock-out safety check: under the new policy the caller could put another one.

    Identity policies count where the new policy lets them, and may ask for the key's aliases and tags; grants
    do not count. No other call is decided by a policy that is only being checked.

    Raises:
        MalformedPolicyDocumentError: it could not.
    """
    request = Request(
        principal=caller.principal_arn,
        action=Operation.PUT_KEY_POLICY.action,
        resource=key.arn,
        context=of_call(Operation.PUT_KEY_POLICY, caller, region, key.arn, key_policy()),
    )
    if not engine.authorize(request, key=record_of(key, policy, (), attributes)).allowed:
        raise MalformedPolicyDocumentError(_LOCKED_OUT)
