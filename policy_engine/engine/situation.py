"""Everything about a request but its context: who, what, on which key, under which ceilings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.calls.facts import key_facts
from policy_engine.catalog.actions import find_action
from policy_engine.engine.combination import Relation
from policy_engine.graph.residual import Target
from policy_engine.model.principal import PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from policy_engine.engine.callers import Caller
    from policy_engine.engine.keys import KeyEntry
    from policy_engine.graph.rows import StatementRow
    from policy_engine.model.facts import Facts
    from policy_engine.model.grant import Grant
    from policy_engine.model.options import Options

RETIRE_GRANT = "kms:retiregrant"
KMS = "kms:"
_EVERY_NEW_KEY = "key/*"
_ALIAS_ACTIONS = frozenset({"kms:createalias", "kms:deletealias", "kms:updatealias"})
_NEW_KEY_ACTIONS = frozenset({"kms:createkey", "kms:tagresource"})


@dataclass(frozen=True, slots=True, eq=False)
class EndpointRows:
    """A VPC endpoint's rows; `id` None: every call comes through it."""

    id: str | None
    rows: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ceilings:
    """What organization and network put over a request: empty where there is none.

    `scps` has one tuple of rows for each level; `rcps` are the rows of all levels of the key's account.
    """

    scps: tuple[tuple[StatementRow, ...], ...] = ()
    rcps: tuple[StatementRow, ...] = ()
    endpoints: tuple[EndpointRows, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """Everything but the context.

    `grant` is the grant in question: to be retired, or to be made by way of another grant.
    """

    caller: Caller
    key: KeyEntry | None
    action: str
    resource: str
    ceilings: Ceilings
    options: Options
    grant: Grant | None = None

    @property
    def grants_in_question(self) -> tuple[Grant, ...]:
        """Of RetireGrant: the key's own grants that the request may mean, all where it names none.

        INVARIANT: where the key's record lists grants, the request only names one of them, and what it says
        the record says. Of a key without a list nothing else is known than what the request says.
        """
        held = self.key.record.grants if self.key else ()
        named = self.grant
        if named is None:
            return held
        return tuple(g for g in held if g.grant_id == named.grant_id) if held else (named,)

    @property
    def target(self) -> Target:
        """What rows are specialised on."""
        caller = self.caller
        return Target(
            caller.principal,
            caller.boundary is not None,
            self.action,
            self.resource,
            self.grant,
            caller.matches,
        )


def relation_of(situation: Situation) -> Relation:
    """What the caller is to the resource."""
    if _other_partition(situation):
        return Relation.OTHER_PARTITION
    if not situation.action.startswith(KMS):
        return _other_service(situation)
    if situation.caller.principal.kind is PrincipalKind.ANONYMOUS:
        return Relation.ANONYMOUS
    action = find_action(situation.action)
    # an action that the catalogue does not know is taken for one on keys: the key policy must allow it
    has_key = action.has_key if action else situation.resource != "*"
    if not has_key or _names_no_key(situation.action, situation.resource):
        foreign = _account(situation.resource) not in {None, "", situation.caller.principal.account}
        return Relation.NOT_ACROSS_ACCOUNTS if foreign else Relation.NO_KEY
    if situation.key is None:
        return Relation.UNKNOWN_KEY
    return _on_key(situation, crosses=action is None or action.cross_account)


def _other_partition(situation: Situation) -> bool:
    """Whether caller and resource are in two partitions, between which no credentials are worth anything.

    https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
    """
    caller, resource = parse_arn(situation.caller.principal.arn), parse_arn(situation.resource)
    return caller is not None and resource is not None and caller.partition != resource.partition


def _on_key(situation: Situation, *, crosses: bool) -> Relation:
    principal = situation.caller.principal
    if situation.action == RETIRE_GRANT:
        known = situation.grant is None or situation.grants_in_question
        return Relation.RETIRE_GRANT if known else Relation.UNKNOWN_GRANT
    if principal.kind is PrincipalKind.SERVICE:
        return Relation.SERVICE
    if _account(situation.resource) == principal.account:
        return Relation.SAME_ACCOUNT
    return Relation.CROSS_ACCOUNT if crosses else Relation.NOT_ACROSS_ACCOUNTS


def _other_service(situation: Situation) -> Relation:
    """For actions of other services the ordinary rule holds (rule 107)."""
    principal = situation.caller.principal
    if principal.kind in {PrincipalKind.ANONYMOUS, PrincipalKind.SERVICE}:
        return Relation.OTHER_SERVICE_WITHOUT_ACCOUNT
    owner = _account(situation.resource)
    if owner:
        same = owner == principal.account
        return Relation.OTHER_SERVICE_SAME_ACCOUNT if same else Relation.OTHER_SERVICE_CROSS_ACCOUNT
    return Relation.OTHER_SERVICE


def facts_of(situation: Situation, *, in_identity_policies: bool = True) -> Facts:
    """The facts that identity-based policies see, or those of resources."""
    principal = situation.caller.principal
    record = situation.key.record if situation.key else None
    of_key = key_facts(
        record, situation.resource, principal.account, in_identity_policies=in_identity_policies
    )
    facts = situation.caller.facts.joined(of_key)
    if not _is_alias(situation.resource):
        return facts
    # condition keys of KMS do not exist for an alias (rule 83)
    values = {key: value for key, value in facts.values.items() if not key.startswith(KMS)}
    return replace(facts, values=values, families=(*facts.families, KMS))


def _names_no_key(action: str, resource: str) -> bool:
    """Whether an action on keys is asked on what is none: an alias of its own, or a key still to be made.

    Any other action on an alias or a pattern is asked on a key that nobody knows (rule 35).
    """
    arn = parse_arn(resource)
    if _is_alias(resource):
        return action in _ALIAS_ACTIONS
    return action in _NEW_KEY_ACTIONS and arn is not None and arn.resource == _EVERY_NEW_KEY


def _is_alias(resource: str) -> bool:
    arn = parse_arn(resource)
    return arn is not None and arn.service == "kms" and arn.resource.startswith("alias/")


def _account(resource: str) -> str | None:
    arn = parse_arn(resource)
    return arn.account if arn else None
