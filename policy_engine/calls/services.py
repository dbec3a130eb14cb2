"""SERVICE → CONTEXT: the condition keys that a service's call to KMS carries.

Not a model of the services: what the service was asked to do, and with which encryption context, is the
caller's to say. A pair of the encryption context that nobody gives is left out, never guessed.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.catalog.actions import find_action
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.catalog.services import SERVICES, Way, find_service
from policy_engine.errors import RequestError
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.calls.api_call import CallContext
    from policy_engine.catalog.services import ServiceProfile

_GRANT_USES = frozenset({Way.FORWARDED, Way.SERVICE})


def service(name: str) -> ServiceProfile:
    """The profile of a service by any of its names: `ebs`, `ec2`, `ec2.amazonaws.com`.

    Raises:
        RequestError: there is no profile of this name.
    """
    found = find_service(name)
    if found is None:
        raise RequestError(
            f"there is no profile of the service `{printable(name)}`", help=f"one of {', '.join(SERVICES)}"
        )
    return found


def via_service(name: str, region: str) -> str:
    """The value of kms:ViaService; it ends alike in every partition (rule 55).

    Raises:
        RequestError: there is no profile of this name.
    """
    return f"{service(name).via}.{region}.amazonaws.com"


def context_of(
    name: str,
    region: str,
    action: str,
    *,
    way: Way = Way.FORWARDED,
    encryption_context: Mapping[str, str] | None = None,
    source_arn: str | None = None,
    source_account: str | None = None,
) -> CallContext:
    """The condition keys of one action that a service asks for.

    Args:
        name: the service.
        region: where it calls.
        action: `kms:Decrypt`; it says which of the keys the call carries.
        way: as whom the service calls; the principal itself is not part of the context.
        encryption_context: the values of the pairs, and pairs that the user added.
        source_arn: for a service principal the resource for which it calls; absent where it is not passed.
        source_account: likewise its account.

    Raises:
        RequestError: there is no profile of this name, or KMS has no such action.
    """
    known = find_action(action)
    if known is None:
        raise RequestError(f"KMS has no action `{printable(action)}`")
    context: CallContext = {"aws:ViaAWSService": "true" if way is Way.FORWARDED else "false"}
    if way is Way.FORWARDED:
        context["kms:ViaService"] = via_service(name, region)
    context["kms:GrantIsForAWSResource"] = "true" if way in _GRANT_USES else "false"
    sources = {"aws:SourceArn": source_arn, "aws:SourceAccount": source_account}
    context |= {key: value for key, value in sources.items() if value is not None and way is Way.SERVICE}
    pairs = encryption_context or {}
    context |= {ENCRYPTION_CONTEXT + pair: value for pair, value in pairs.items()}
    if pairs:
        context["kms:EncryptionContextKeys"] = tuple(pairs)
    return {key: value for key, value in context.items() if known.carries(key)}
