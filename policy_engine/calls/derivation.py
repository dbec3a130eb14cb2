"""CALL → CONDITION KEYS: for each key that the catalogue knows, where its value comes from.

Which action carries which key is the catalogue's to say; here is one row for each key. A parameter that was
left out counts with its default where the catalogue has one (rule 54). Tags and aliases of a key are facts of
the engine (rules 38 and 99), and so is time; they are not derived from a call.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from policy_engine.calls.api_call import CallContext, Subject
from policy_engine.calls.parameter_text import pairs, tags, texts
from policy_engine.catalog.actions import ACTIONS
from policy_engine.catalog.condition_keys import CONDITION_KEYS, ENCRYPTION_CONTEXT
from policy_engine.errors import RequestError
from policy_engine.model.principal import PrincipalKind
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.calls.api_call import ApiCall, KnownKey
    from policy_engine.catalog.actions import Action


@dataclass(frozen=True, slots=True)
class Question:
    """One check of a call, before its condition keys are known.

    Attributes:
        call: the call.
        action: what is asked for.
        parameters: the call's parameters as this action reads them; one that is None is known to be absent
            and has no default.
        subject: what the check is about.
        region: the Region in which it is decided.
        key: what is known of the key, for a check on a key.
        alias: the name of the alias by which the call named the key.
        same_key: whether all checks of the call are about one key.
    """

    call: ApiCall
    action: Action
    parameters: Mapping[str, object]
    subject: Subject
    region: str
    key: KnownKey | None = None
    alias: str | None = None
    same_key: bool = True


Derivation = Callable[[Question, CallContext], None]
"""Puts what a check says of some condition keys into its context."""


def derive(question: Question) -> CallContext:
    """The condition keys of a check.

    Raises:
        RequestError: a parameter is of a type that no condition key has, or the session claims keys that only
            the call itself can bring.
    """
    context = _everywhere(question)
    if question.subject is not Subject.ALIAS:  # keys of KMS do not exist for an alias (rule 83)
        nothing_known = question.subject is Subject.KEY and question.key is None
        for put in _rows(question.action.name, without_key=nothing_known):
            put(question, context)
    return context


@lru_cache(maxsize=2 * len(ACTIONS))
def _rows(action: str, *, without_key: bool) -> tuple[Derivation, ...]:
    """The rows of the keys that an action carries; without those that tell of its key, if so it is wanted."""
    entry = ACTIONS[action.lower()]
    names = sorted(entry.condition_keys | entry.resource_condition_keys)
    told = [name for name in names if not (without_key and name in _OF_THE_KEY)]
    return tuple(row for row in map(DERIVATIONS.__getitem__, told) if row is not _told_elsewhere)


# -- rows ----------------------------------------------------------------------------------------------------


def _parameter(name: str, parameter: str) -> Derivation:
    """A key that tells the value of a parameter."""
    default = CONDITION_KEYS[name.lower()].default

    def row(question: Question, context: CallContext) -> None:
        value = question.parameters.get(parameter, default)
        if value is not None:
            context[name] = texts(name, value)

    return row


def _property(name: str, attribute: str, parameter: str) -> Derivation:
    """A key that tells a property of the key that is used or, where the call makes one, that is made."""
    of_new_key = _parameter(name, parameter)

    def row(question: Question, context: CallContext) -> None:
        if question.subject is not Subject.KEY:
            of_new_key(question, context)
            return
        value = getattr(question.key, attribute)
        if value is not None:
            context[name] = texts(name, value)

    return row


def _caller_account(question: Question, context: CallContext) -> None:
    account = question.call.principal.account
    if account is not None:
        context["kms:CallerAccount"] = account


def _via_service(question: Question, context: CallContext) -> None:
    service = question.call.via_service
    if service is not None:
        context["kms:ViaService"] = service


def _request_alias(question: Question, context: CallContext) -> None:
    if question.alias is not None:
        context["kms:RequestAlias"] = question.alias


def _encryption_context(question: Question, context: CallContext) -> None:
    """The pairs and, since actions that carry these carry both, their names."""
    given = question.parameters.get("EncryptionContext")
    if given is not None:
        context.update(encryption_context_keys(pairs("EncryptionContext", given)))


def encryption_context_keys(given: Mapping[str, str]) -> CallContext:
    """The condition keys of an encryption context; none of an empty one."""
    context: CallContext = {ENCRYPTION_CONTEXT + name: value for name, value in given.items()}
    if given:
        context["kms:EncryptionContextKeys"] = tuple(given)
    return context


def _attestation(question: Question, context: CallContext) -> None:
    for name, value in question.call.attestation.items():
        context[f"kms:RecipientAttestation:{name}"] = value


def _for_service(question: Question, context: CallContext) -> None:
    """Whether an integrated service calls; false on a direct call, so that a Deny on it works (rule 81)."""
    call = question.call
    service = call.via_service is not None or call.principal.kind is PrincipalKind.SERVICE
    context["kms:GrantIsForAWSResource"] = "true" if service else "false"


def _same_key(question: Question, context: CallContext) -> None:
    context["kms:ReEncryptOnSameKey"] = "true" if question.same_key else "false"


def _days_without_usage(question: Question, context: CallContext) -> None:
    if question.key is not None and question.key.days_without_usage is not None:
        context["kms:TrailingDaysWithoutKeyUsage"] = str(question.key.days_without_usage)


def _request_tags(question: Question, context: CallContext) -> None:
    for name, value in tags(question.parameters.get("Tags")).items():
        context[f"aws:RequestTag/{name}"] = value


def _tag_names(question: Question, context: CallContext) -> None:
    names = question.parameters.get("TagKeys") or tuple(tags(question.parameters.get("Tags")))
    if names:
        context["aws:TagKeys"] = texts("aws:TagKeys", names)


def _told_elsewhere(_question: Question, _context: CallContext) -> None:
    """The engine knows it of caller or key, or another row tells it too."""


_OF_PARAMETERS = {
    "kms:BypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck",
    "kms:DataKeyPairSpec": "KeyPairSpec",
    "kms:EncapsulationAlgorithm": "EncapsulationAlgorithm",
    "kms:EncryptionAlgorithm": "EncryptionAlgorithm",
    "kms:ExpirationModel": "ExpirationModel",
    "kms:GrantConstraintSourceArn": "SourceArn",
    "kms:GrantConstraintType": "GrantConstraintType",
    "kms:GrantOperations": "Operations",
    "kms:GranteePrincipal": "GranteePrincipal",
    "kms:GranteeServicePrincipal": "GranteeServicePrincipal",
    "kms:KeyAgreementAlgorithm": "KeyAgreementAlgorithm",
    "kms:MacAlgorithm": "MacAlgorithm",
    "kms:MessageType": "MessageType",
    "kms:PolicyName": "PolicyName",
    "kms:PrimaryRegion": "PrimaryRegion",
    "kms:ReplicaRegion": "ReplicaRegion",
    "kms:RetiringPrincipal": "RetiringPrincipal",
    "kms:RetiringServicePrincipal": "RetiringServicePrincipal",
    "kms:RotationPeriodInDays": "RotationPeriodInDays",
    "kms:ScheduleKeyDeletionPendingWindowInDays": "PendingWindowInDays",
    "kms:SigningAlgorithm": "SigningAlgorithm",
    "kms:ValidTo": "ValidTo",
    "kms:WrappingAlgorithm": "WrappingAlgorithm",
    "kms:WrappingKeySpec": "WrappingKeySpec",
}
_OF_THE_KEY = {
    "kms:CustomerMasterKeySpec": ("key_spec", "KeySpec"),
    "kms:CustomerMasterKeyUsage": ("key_usage", "KeyUsage"),
    "kms:KeyOrigin": ("origin", "Origin"),
    "kms:KeySpec": ("key_spec", "KeySpec"),
    "kms:KeyUsage": ("key_usage", "KeyUsage"),
    "kms:MultiRegion": ("multi_region", "MultiRegion"),
    "kms:MultiRegionKeyType": ("multi_region_key_type", "MultiRegionKeyType"),
}
DERIVATIONS: Mapping[str, Derivation] = {
    **{name: _parameter(name, parameter) for name, parameter in _OF_PARAMETERS.items()},
    **{name: _property(name, *source) for name, source in _OF_THE_KEY.items()},
    "aws:RequestTag/": _request_tags,
    "aws:ResourceTag/": _told_elsewhere,
    "aws:TagKeys": _tag_names,
    "kms:CallerAccount": _caller_account,
    "kms:EncryptionContext:": _encryption_context,
    "kms:EncryptionContextKeys": _told_elsewhere,
    "kms:GrantIsForAWSResource": _for_service,
    "kms:ReEncryptOnSameKey": _same_key,
    "kms:RecipientAttestation:": _attestation,
    "kms:RequestAlias": _request_alias,
    "kms:ResourceAliases": _told_elsewhere,
    "kms:TrailingDaysWithoutKeyUsage": _days_without_usage,
    "kms:ViaService": _via_service,
}
"""By the catalogue's name of the key."""

# -- global keys ---------------------------------------------------------------------------------------------

_BY_THE_CALL = (
    "kms:",
    "aws:calledvia",
    "aws:requestedregion",
    "aws:requesttag/",
    "aws:tagkeys",
    "aws:viaawsservice",
)
_NOT_BY_THE_CALL = frozenset({"aws:calledviaawsmcp"})


def _everywhere(question: Question) -> CallContext:
    """The keys of the session, and the global ones that follow from how and where a call arrives."""
    call = question.call
    context = _session(call)
    context["aws:RequestedRegion"] = question.region
    context["aws:ViaAWSService"] = "false" if call.via_service is None else "true"
    if call.called_via:
        context["aws:CalledVia"] = call.called_via
        context["aws:CalledViaFirst"] = call.called_via[0]
        context["aws:CalledViaLast"] = call.called_via[-1]
    return context


def _session(call: ApiCall) -> CallContext:
    for name in call.session:
        # INVARIANT: what a call brings comes from the call alone, never from who makes it (rule 91).
        if name.lower().startswith(_BY_THE_CALL) and name.lower() not in _NOT_BY_THE_CALL:
            raise RequestError(f"the session cannot set the condition key `{printable(name)}`")
    return {name: texts(name, value) for name, value in call.session.items()}
