"""Who makes a call and how it arrives.

Not an identity check: whoever hands a `Caller` in has authenticated it. What its identity policies allow is
the engine's business. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from kms_core.errors import ValidationError
from policy_engine.calls.principals import parse_principal
from policy_engine.errors import RequestError
from policy_engine.model.principal import PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.model.principal import Principal

_SESSION_PREFIX = "aws:"


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a call.

    Attributes:
        principal_arn: its ARN, or a service's name (``s3.amazonaws.com``).
        via_service: the service that forwards the call (``s3.us-east-1.amazonaws.com``); None for a direct
            call.
        session_context: ``aws:`` condition keys of this session: source address, MFA, source ARN.
    """

    principal_arn: str
    via_service: str | None = None
    session_context: Mapping[str, str | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if _principal(self.principal_arn).kind is PrincipalKind.ANONYMOUS:
            raise ValidationError("a call needs a caller")
        foreign = [key for key in self.session_context if not key.lower().startswith(_SESSION_PREFIX)]
        if foreign:
            # INVARIANT: kms: condition keys come from the call alone, never from who makes it.
            raise ValidationError(f"the session context cannot set the condition key `{foreign[0]}`")

    @classmethod
    def of(cls, caller: Caller | str) -> Caller:
        """A caller from what an operation was given: a `Caller`, or an ARN alone.

        Raises:
            ValidationError: the text names no principal.
        """
        return caller if isinstance(caller, Caller) else _alone(caller)

    @property
    def account(self) -> str | None:
        """The caller's account; None for a service."""
        return _principal(self.principal_arn).account

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn``, ``aws-us-gov``."""
        arn = parse_arn(self.principal_arn)
        if arn is not None:
            return arn.partition
        return "aws-cn" if self.principal_arn.endswith(".cn") else "aws"

    @property
    def is_service(self) -> bool:
        """Whether a service calls for itself."""
        return _principal(self.principal_arn).kind is PrincipalKind.SERVICE


@lru_cache(maxsize=65_536)
def _alone(principal_arn: str) -> Caller:
    return Caller(principal_arn, session_context=MappingProxyType({}))  # shared: nobody may add to it


def _principal(text: str) -> Principal:
    try:
        return parse_principal(text)
    except RequestError as error:
        raise ValidationError(str(error)) from None
