"""What the operations share, in one value: where things are kept, who decides, who encrypts.

Wiring only: nothing is decided here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kms_core.audit.log import AuditLog
from kms_core.gate import Gate
from kms_core.key_material import KeyMaterial
from kms_core.service.calls import Calls
from kms_core.service.key_access import KeyAccess
from kms_core.service.message_budget import MessageBudget
from kms_core.store.locks import KeyLocks
from policy_engine import PolicyEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kms_core.hsm import Hsm
    from kms_core.model.sources import Sources
    from kms_core.store.database import Database
    from policy_engine.model.bundle import Bundle
    from policy_engine.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Core:
    """The parts that the operations work with.

    Attributes:
        database: where keys, policies, grants and the audit log are.
        identities: the bundle, without keys: those come from the database alone.
        region: where this service is.
        sources: time, ids, randomness.
        gate: decides and lets through.
        calls: begins calls and brings them to their key.
        access: finds keys.
        hsm: where random bytes come from.
        material: makes and uses backing keys.
        budget: counts messages.
    """

    database: Database
    identities: Bundle
    region: str
    sources: Sources
    gate: Gate
    calls: Calls
    access: KeyAccess
    hsm: Hsm
    material: KeyMaterial
    budget: MessageBudget


def assemble(database: Database, hsm: Hsm, bundle: Bundle, region: str, sources: Sources) -> Core:
    """Put the parts together."""
    identities = replace(bundle, keys={})
    engine = PolicyEngine(identities)
    log = AuditLog(database, sources)
    gate = Gate(engine, log, sources)
    access = KeyAccess(database, engine, KeyLocks())
    digest = _digest(identities)
    calls = Calls(database, gate, log, access, sources, region=region, identities=digest)
    material = KeyMaterial(hsm, sources)
    budget = MessageBudget(database)
    return Core(database, identities, region, sources, gate, calls, access, hsm, material, budget)


def _digest(bundle: Bundle) -> str:
    """One SHA-256 for all identity policies and the like: the same bundle, the same digest."""
    digests = sorted(policy.digest for policy in _policies(bundle))
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _policies(bundle: Bundle) -> Iterator[Policy]:
    for principal in bundle.principals.values():
        yield from (*principal.identity_policies, *principal.session_policies)
        if principal.permissions_boundary is not None:
            yield principal.permissions_boundary
    for group in bundle.groups.values():
        yield from group.identity_policies
    if bundle.organization is not None:
        for controls in (
            bundle.organization.service_control_policies,
            bundle.organization.resource_control_policies,
        ):
            yield from (policy for levels in controls.values() for level in levels for policy in level)
    yield from (endpoint.policy for endpoint in bundle.vpc_endpoints)
