"""How a Principal element, or a grant's grantee, covers a caller: not at all, or in one of three ways.

The ways decide which implicit denies a caller escapes (rules 6 to 12):

    NAMED      the user, role session, federated session or service itself, or everyone: nothing caps it
    DIRECT     the role of a session, or the user who federated: boundary and session policy cap it
    DELEGATED  the caller's account: the caller's identity policies must allow too

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.model.options import DEFAULT_OPTIONS, Options
from policy_engine.model.policy import Effect
from policy_engine.model.principal import EntryKind, PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.model.principal import Principal, PrincipalElement, PrincipalEntry


class PrincipalMatch(IntEnum):
    """How an element covers a caller, the strongest way first."""

    NAMED = auto()
    DIRECT = auto()
    DELEGATED = auto()


_ROLE_KINDS = frozenset({PrincipalKind.ROLE, PrincipalKind.ASSUMED_ROLE})


def _everyone(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    del entry, caller, effect
    return PrincipalMatch.NAMED


def _every_aws(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    # whether {"AWS": "*"} means services is open: yes for Deny, no for Allow (rule 11)
    del entry
    if caller.kind is PrincipalKind.SERVICE and effect is Effect.ALLOW:
        return None
    return PrincipalMatch.NAMED


def _account(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    # the same number in another partition is another account (rule 108)
    del effect
    spelt, arn = parse_arn(entry.spelling), parse_arn(caller.arn)
    elsewhere = spelt is not None and arn is not None and spelt.partition != arn.partition
    return PrincipalMatch.DELEGATED if caller.account == entry.value and not elsewhere else None


def _user(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    del effect
    if caller.kind is PrincipalKind.USER and caller.arn == entry.value:
        return PrincipalMatch.NAMED
    if caller.kind is PrincipalKind.FEDERATED_USER and caller.role_arn == entry.value:
        return PrincipalMatch.DIRECT
    return None


def _role(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    del effect
    if caller.kind in _ROLE_KINDS and is_role_of(entry.value, caller):
        return PrincipalMatch.DIRECT
    return None


def _session(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    del effect
    return PrincipalMatch.NAMED if caller.arn == entry.value else None


def _unique_id(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    # a stored id names one incarnation of a user or role (rule 14); a session's id is `AROA...:name`
    del effect
    if caller.id is None or caller.id.partition(":")[0] != entry.value:
        return None
    return PrincipalMatch.NAMED if caller.kind is PrincipalKind.USER else PrincipalMatch.DIRECT


def _service(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    del effect
    if caller.kind is PrincipalKind.SERVICE and caller.name == entry.value:
        return PrincipalMatch.NAMED
    return None


def _federated(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    # a SAML or OIDC caller is named by its identity provider
    del effect
    federated = caller.kind in {PrincipalKind.SAML, PrincipalKind.OIDC}
    return PrincipalMatch.NAMED if federated and caller.arn == entry.value else None


def _canonical_user(entry: PrincipalEntry, caller: Principal, effect: Effect) -> PrincipalMatch | None:
    # a canonical user id stands for an account, which a caller's record may know as its id
    del effect
    return PrincipalMatch.DELEGATED if caller.id == entry.value else None


_MATCHERS: dict[EntryKind, Callable[[PrincipalEntry, Principal, Effect], PrincipalMatch | None]] = {
    EntryKind.EVERYONE: _everyone,
    EntryKind.EVERY_AWS: _every_aws,
    EntryKind.ACCOUNT: _account,
    EntryKind.USER: _user,
    EntryKind.ROLE: _role,
    EntryKind.ASSUMED_ROLE: _session,
    EntryKind.FEDERATED_USER: _session,
    EntryKind.UNIQUE_ID: _unique_id,
    EntryKind.SERVICE: _service,
    EntryKind.FEDERATED: _federated,
    EntryKind.CANONICAL_USER: _canonical_user,
}


def is_role_of(role_arn: str, caller: Principal) -> bool:
    """Whether a role's ARN is the caller's role.

    A session's ARN has the role's name but not its path (rule 16). Where the role's ARN is not known, account
    and name decide: names of roles are unique in an account, whatever their case.
    """
    if caller.role_arn is not None:
        return caller.role_arn == role_arn
    role, own = parse_arn(role_arn), parse_arn(caller.arn)
    if role is None or own is None or (role.partition, role.account) != (own.partition, caller.account):
        return False
    name = role.resource.rpartition("/")[2]
    return ascii_lower(name) == ascii_lower(caller.name.partition("/")[0])


class PrincipalTest:
    """The principals of a row."""

    __slots__ = ("_effect", "_options", "element")

    def __init__(
        self, element: PrincipalElement | None, effect: Effect, options: Options = DEFAULT_OPTIONS
    ) -> None:
        self.element = element
        self._effect = effect
        self._options = options

    def match(self, caller: Principal, *, has_boundary: bool = False) -> PrincipalMatch | None:
        """How the element covers a caller; None where it does not. A missing element covers nobody.

        With Deny, NotPrincipal exempts who is listed in any of its forms, but never a principal that has a
        permissions boundary (rules 17, 18 and 102).
        """
        if self.element is None:
            return None
        found = [self._entry(entry, caller) for entry in self.element.entries if self._counts(entry, caller)]
        listed = min((match for match in found if match is not None), default=None)
        if not self.element.negated:
            return listed
        if self._effect is Effect.DENY:
            return PrincipalMatch.NAMED if listed is None or has_boundary else None
        # with Allow, which AWS no longer takes, an empty list lets nobody in
        anyone = self.element.entries or self.element.opaque
        return PrincipalMatch.NAMED if listed is None and anyone else None

    def _entry(self, entry: PrincipalEntry, caller: Principal) -> PrincipalMatch | None:
        if entry.kind is EntryKind.EVERY_AWS and self._options.aws_wildcard_allows_services:
            return PrincipalMatch.NAMED
        return _MATCHERS[entry.kind](entry, caller, self._effect)

    def _counts(self, entry: PrincipalEntry, caller: Principal) -> bool:
        """Whether an entry is looked at: a role in NotPrincipal of a Deny may leave its sessions out."""
        exempts = self._effect is Effect.DENY and self.element is not None and self.element.negated
        if self._options.listed_role_exempts_sessions or not exempts:
            return True
        return entry.kind is not EntryKind.ROLE or caller.kind is not PrincipalKind.ASSUMED_ROLE
