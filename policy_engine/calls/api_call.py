"""A call of the KMS API as it arrives, and the checks that it needs: the nouns of operations.

Not a request on the wire: parameters have their API names, and whoever hands a call in has authenticated the
caller, read the key out of a ciphertext blob and verified an attestation document. Nothing is decided here.
https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from policy_engine.model.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.model.grant import Grant
    from policy_engine.model.principal import Principal
    from policy_engine.model.request import ContextInput

CallContext = dict[str, str | tuple[str, ...]]
"""Condition keys as the catalogue spells them; names of tags and of pairs as the call spells them."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What is known of a KMS key that a call names; None for what is not.

    `multi_region_key_type` is PRIMARY or REPLICA, absent for a single-Region key; `days_without_usage` is the
    number of days since the key was last used.
    """

    arn: str
    key_spec: str | None = None
    key_usage: str | None = None
    origin: str | None = None
    multi_region: bool | None = None
    multi_region_key_type: str | None = None
    days_without_usage: int | None = None


class KeyDirectory(Protocol):
    """Where calls look keys and aliases up. A name has become an ARN before it is looked up."""

    def find(self, arn: str) -> KnownKey | None:
        """The key with this key ARN, or None."""

    def aliased(self, alias_arn: str) -> str | None:
        """The ARN of the key that an alias ARN stands for, or None."""


@dataclass(frozen=True, slots=True)
class NamedGrant:
    """The grant that RetireGrant's GrantToken or GrantId means, with the ARN of its key."""

    key_arn: str
    grant: Grant


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call.

    Attributes:
        operation: its name in the API: `Decrypt`, `ReEncrypt`.
        parameters: by their names in the API; one that is None counts as left out.
        principal: the caller.
        region: the Region whose endpoint it came to.
        keys: where its keys and aliases are looked up.
        via_service: the service that forwards it (`s3.us-east-1.amazonaws.com`); None for a direct call.
        called_via: the service principals in the chain of forwarded calls, first to last, where they are
            known; they do not follow from `via_service` (rule 77).
        session: condition keys that session and network bring: source address, MFA, aws:SourceArn.
        ciphertext_key: the ARN of the key that the ciphertext blob names, for Decrypt and ReEncrypt.
        grant: for RetireGrant the grant in question.
        attestation: the measurements of a verified attestation document by name (`PCR0`, `ImageSha384`).
    """

    operation: str
    parameters: Mapping[str, object]
    principal: Principal
    region: str
    keys: KeyDirectory
    via_service: str | None = None
    called_via: tuple[str, ...] = ()
    session: ContextInput = field(default_factory=dict)
    ciphertext_key: str | None = None
    grant: NamedGrant | None = None
    attestation: Mapping[str, str] = field(default_factory=dict)


class Subject(StrEnum):
    """What a check is about; it decides who has a say."""

    KEY = "key"
    """A key: its key policy, grants, and identity policies where the key policy delegates."""

    ALIAS = "alias"
    """An alias: identity policies only."""

    NEW_KEY = "new key"
    """The key that the call makes, not yet known by an ARN: identity policies that cover all keys there."""

    NONE = "no resource"
    """Nothing that has an ARN: identity policies only."""


@dataclass(frozen=True, slots=True)
class AuthorizationCheck:
    """One question to the engine. A call goes ahead when all of its checks are allowed.

    Attributes:
        action: `kms:ReEncryptFrom`.
        resource: the ARN of the key or alias; `*` without a resource; for a key that the call makes the ARN
            of all keys of the account and Region, `arn:...:key/*`.
        subject: what the resource is.
        context: the condition keys of the request, besides the facts about caller and key that the engine
            derives itself.
        grant_tokens: the tokens that the call presents.
    """

    action: str
    resource: str
    subject: Subject
    context: CallContext
    grant_tokens: tuple[str, ...] = ()

    def request(self, principal: Principal) -> Request:
        """The engine's form of it."""
        return Request(principal, self.action, self.resource, self.context, self.grant_tokens)
