"""What the operations share, in one value: where things are kept, who decides, who encrypts.

Wiring only: nothing is decided here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING

from kms_core.audit.log import AuditLog
from kms_core.gate import Gate
from kms_core.key_material import KeyMaterial
from kms_core.model.quotas import Quotas
from kms_core.service.admission import Admission
from kms_core.service.alias_calls import AliasCalls
from kms_core.service.backing_keys import BackingKeys
from kms_core.service.call_records import CallRecords
from kms_core.service.calls import Calls
from kms_core.service.checkpoints import Checkpoints
from kms_core.service.clock import Clock
from kms_core.service.key_access import KeyAccess
from kms_core.service.key_holding import KeyHolding
from kms_core.service.key_intents import KeyIntents
from kms_core.service.markers import Markers
from kms_core.service.message_budget import MessageBudget
from kms_core.service.request_rates import RequestRates
from kms_core.store.locks import KeyLocks, locks_beside
from policy_engine import PolicyEngine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kms_core.hsm import Hsm
    from kms_core.model.sources import Sources
    from kms_core.store.database import Database
    from kms_core.turns import Turns
    from policy_engine.model.bundle import Bundle, PolicyLevels
    from policy_engine.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Core:
    """The parts that the operations work with.

    Attributes:
        database: where keys, policies, grants and the audit log are.
        engine: decides; its keys come from the database alone.
        region: where this service is.
        sources: time, ids, randomness; time never goes back.
        clock: that time.
        quotas: how much there may be of what.
        gate: decides and lets through.
        turns: the turns of the threads that call; what takes long outside of Python is waited for without.
        calls: begins calls and brings them to their key.
        alias_calls: begins calls of alias operations to their alias and keys.
        checkpoints: binds the audit log from time to time.
        access: finds keys.
        hsm: where random bytes come from.
        material: makes and uses backing keys.
        backing_keys: finds their wrapped form.
        budget: counts messages.
        intents: keeps what is written down before a key is made.
        markers: makes the markers of pages.
        closed: set when the service is closed; no due job begins then.
        bell: rung when something has become due at once; `scheduler` waits on it.
    """

    database: Database
    engine: PolicyEngine
    region: str
    sources: Sources
    clock: Clock
    quotas: Quotas
    gate: Gate
    turns: Turns
    calls: Calls
    alias_calls: AliasCalls
    checkpoints: Checkpoints
    access: KeyAccess
    hsm: Hsm
    material: KeyMaterial
    backing_keys: BackingKeys
    budget: MessageBudget
    intents: KeyIntents
    markers: Markers
    closed: Event = field(default_factory=Event)
    bell: Event = field(default_factory=Event)


def assemble(
    database: Database,
    hsm: Hsm,
    bundle: Bundle,
    region: str,
    sources: Sources,
    quotas: Quotas | None = None,
) -> Core:
    """Put the parts together."""
    identities = replace(bundle, keys={})
    clock = Clock(sources.now, database)
    sources = replace(sources, now=clock.now)
    engine = PolicyEngine(identities)
    log = AuditLog(database, sources)
    gate = Gate(engine, log, sources)
    access = KeyAccess(database, engine, KeyLocks(locks_beside(database.path), turns=database.turns))
    checkpoints = Checkpoints(database, gate, log, hsm, sources)
    quotas = quotas or Quotas()
    rates = RequestRates(quotas.calls_per_second, clock.now)
    records = CallRecords(database, log, sources, clock, checkpoints, rates)
    holding = KeyHolding(access, region)
    admission = Admission(gate, access, clock, region=region, identities=_digest(identities))
    return Core(
        database=database,
        engine=engine,
        region=region,
        sources=sources,
        clock=clock,
        quotas=quotas,
        gate=gate,
        turns=database.turns,
        calls=Calls(records, holding, admission, region),
        alias_calls=AliasCalls(holding, admission, region),
        checkpoints=checkpoints,
        access=access,
        hsm=hsm,
        material=KeyMaterial(hsm, sources),
        backing_keys=BackingKeys(database),
        budget=MessageBudget(database),
        intents=KeyIntents(database, quotas.keys_per_account),
        markers=Markers(gate, hsm),
    )


def _digest(bundle: Bundle) -> str:
    """One SHA-256 for all identity policies and the like, and where each stands."""
    lines = sorted(f"{place} {policy.digest}\n" for place, policy in _policies(bundle))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _policies(bundle: Bundle) -> Iterator[tuple[str, Policy]]:
    for arn, principal in bundle.principals.items():
        yield from ((f"identity {arn}", policy) for policy in principal.identity_policies)
        yield from ((f"session {arn}", policy) for policy in principal.session_policies)
        if principal.permissions_boundary is not None:
            yield f"boundary {arn}", principal.permissions_boundary
    for arn, group in bundle.groups.items():
        yield from ((f"group {arn}", policy) for policy in group.identity_policies)
    if bundle.organization is not None:
        yield from _levels("scp", bundle.organization.service_control_policies)
        yield from _levels("rcp", bundle.organization.resource_control_policies)
    yield from ((f"endpoint {endpoint.id}", endpoint.policy) for endpoint in bundle.vpc_endpoints)


def _levels(kind: str, accounts: Mapping[str, PolicyLevels]) -> Iterator[tuple[str, Policy]]:
    for account, levels in accounts.items():
        for number, level in enumerate(levels):
            yield from ((f"{kind} {account} {number}", policy) for policy in level)
