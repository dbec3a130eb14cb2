"""How the layers combine: the one place that says when a request is allowed.

It reads like the table of the semantics page; every name below is a row of it.

    explicit deny   some deny row of some layer holds
    scp             each level of the caller's account has an allow row that holds
    endpoint        an allow row of the VPC endpoint's policy, where this very call came through it
    task            for kms no root session (sts:AssumeRoot): AWS's task policies allow none of it (rule 85)
    identity        an allow row of the caller's identity policies; an account's root user needs none
    caps            permissions boundary and session policy, where present, each have an allow row
    named           a key-policy allow row that names the caller itself, or everyone
    direct          one that names the session's role, or the IAM user who federated
    delegated       one that names the caller's account: it lets the caller's identity policies count
    grant           a grant whose grantee covers the caller and whose constraint holds
    retiring        for RetireGrant: who the grant in question lets retire it

What a decision rests on is the path: the key policy's row, with `delegated` the identity row too, or the
grant. Ceilings, caps and the caller's own side across accounts must hold as well and are not noted.

RCPs have deny rows only. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
and https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from policy_engine.graph.formula import ALWAYS, NEVER, Formula, all_of, any_of, path, unmarked

if TYPE_CHECKING:
    from collections.abc import Callable


class Relation(Enum):
    """What the caller is to the resource; it decides which layers must allow."""

    SAME_ACCOUNT = "same account"
    CROSS_ACCOUNT = "cross account"
    NOT_ACROSS_ACCOUNTS = "an action that works in the key's own account only"
    SERVICE = "service principal"
    RETIRE_GRANT = "RetireGrant"
    UNKNOWN_GRANT = "RetireGrant of a grant that the key does not have"
    NO_KEY = "no key"
    UNKNOWN_KEY = "unknown key"
    ANONYMOUS = "anonymous"
    OTHER_PARTITION = "another partition"
    OTHER_SERVICE = "another service, in an account that the context tells"
    OTHER_SERVICE_SAME_ACCOUNT = "another service, same account"
    OTHER_SERVICE_CROSS_ACCOUNT = "another service, cross account"
    OTHER_SERVICE_WITHOUT_ACCOUNT = "another service, asked by a service or by nobody known"


@dataclass(frozen=True, slots=True)
class Grants:
    """Grants by how their grantee covers the caller.

    `free` name the user or session itself, `capped` its role: whether caps limit these is an option.
    `account` grants name an account, which needs an identity policy to hand them on (rule 97).
    """

    free: Formula = NEVER
    capped: Formula = NEVER
    account: Formula = NEVER


@dataclass(frozen=True, slots=True)
class Retiring:
    """Who may retire a grant (rule 47), by how it covers the caller.

    `account` holds for a caller of an account that made the grant, may retire it or owns the key: it may let
    its principals do so by an identity policy.
    """

    free: Formula = NEVER
    capped: Formula = NEVER
    account: Formula = NEVER


@dataclass(frozen=True, slots=True)
class Layers:
    """The formula of each layer. A ceiling that is absent always holds, an allow that is absent never."""

    deny: Formula = NEVER
    scp: Formula = ALWAYS
    endpoint: Formula = ALWAYS
    task: Formula = ALWAYS
    identity: Formula = NEVER
    boundary: Formula = ALWAYS
    session: Formula = ALWAYS
    named: Formula = NEVER
    direct: Formula = NEVER
    delegated: Formula = NEVER
    grants: Grants = field(default_factory=Grants)
    retiring: Retiring = field(default_factory=Retiring)
    same_account: Formula = ALWAYS
    other_account: Formula = NEVER

    @property
    def ceilings(self) -> Formula:
        """What must allow whatever else does, where present."""
        return unmarked(all_of(self.scp, self.endpoint, self.task))

    @property
    def caps(self) -> Formula:
        """Both caps, where present."""
        return unmarked(all_of(self.boundary, self.session))

    @property
    def own_side(self) -> Formula:
        """What the caller's own account must allow besides the key's."""
        return all_of(unmarked(self.identity), self.caps)


def _same_account(layers: Layers) -> Formula:
    return all_of(
        layers.ceilings,
        any_of(
            path("named", layers.named),
            path("direct", all_of(layers.direct, layers.caps)),
            path("delegated", all_of(layers.delegated, layers.identity, layers.caps)),
            path("grant", _granted(layers)),
        ),
    )


def _cross_account(layers: Layers) -> Formula:
    return all_of(
        layers.ceilings,
        any_of(
            path("named", all_of(layers.named, layers.own_side)),
            path("direct", all_of(layers.direct, layers.own_side)),
            path("delegated", all_of(layers.delegated, layers.identity, layers.caps)),
            path("grant", _granted(layers)),
        ),
    )


def _service(layers: Layers) -> Formula:
    granted = any_of(layers.grants.free, layers.grants.capped)
    return all_of(layers.ceilings, any_of(path("named", layers.named), path("grant", granted)))


def _no_key(layers: Layers) -> Formula:
    return all_of(layers.ceilings, path("identity", all_of(layers.identity, layers.caps)))


def _retire_grant(layers: Layers) -> Formula:
    retiring = layers.retiring
    return all_of(
        layers.ceilings,
        any_of(
            path("grant", any_of(retiring.free, all_of(retiring.capped, layers.caps))),
            path("identity", all_of(retiring.account, layers.identity, layers.caps)),
        ),
    )


def _other_same_account(layers: Layers) -> Formula:
    return all_of(
        layers.ceilings,
        any_of(
            path("named", layers.named),
            path("direct", all_of(layers.direct, layers.caps)),
            path("identity", all_of(layers.identity, layers.caps)),
        ),
    )


def _other_cross_account(layers: Layers) -> Formula:
    allow = any_of(layers.named, layers.direct, layers.delegated)
    return all_of(layers.ceilings, path("named", all_of(allow, layers.own_side)))


def _other_by_context(layers: Layers) -> Formula:
    return any_of(
        all_of(layers.same_account, _other_same_account(layers)),
        all_of(layers.other_account, _other_cross_account(layers)),
    )


def _other_without_account(layers: Layers) -> Formula:
    return all_of(layers.ceilings, path("named", layers.named))


def _granted(layers: Layers) -> Formula:
    grants = layers.grants
    return any_of(
        grants.free,
        all_of(grants.capped, layers.caps),
        all_of(grants.account, layers.own_side),
    )


def _never(layers: Layers) -> Formula:
    del layers
    return NEVER


_ALLOWED: dict[Relation, Callable[[Layers], Formula]] = {
    Relation.SAME_ACCOUNT: _same_account,
    Relation.CROSS_ACCOUNT: _cross_account,
    Relation.NOT_ACROSS_ACCOUNTS: _never,
    Relation.SERVICE: _service,
    Relation.RETIRE_GRANT: _retire_grant,
    Relation.UNKNOWN_GRANT: _never,
    Relation.NO_KEY: _no_key,
    Relation.UNKNOWN_KEY: _never,
    Relation.ANONYMOUS: _never,
    Relation.OTHER_PARTITION: _never,
    Relation.OTHER_SERVICE: _other_by_context,
    Relation.OTHER_SERVICE_SAME_ACCOUNT: _other_same_account,
    Relation.OTHER_SERVICE_CROSS_ACCOUNT: _other_cross_account,
    Relation.OTHER_SERVICE_WITHOUT_ACCOUNT: _other_without_account,
}


def allowed(relation: Relation, layers: Layers) -> Formula:
    """When a request is allowed, as long as no explicit deny holds."""
    return _ALLOWED[relation](layers)
