"""The changes in whose midst a process is killed.

A change is planned, announced, made and acknowledged, so that who reads along knows what must be there afterwards
and what may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kms_core.model.quotas import Quotas
from tests.kms_core.crash.world import KEEPER, POLICIES, RESIDENT, ROOT, SYMMETRIC, make_grant, make_key

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from kms_core.service import Kms
    from tests.kms_core.crash.world import Answer, State, World


@dataclass(frozen=True)
class Change:
    """A change.

    Attributes:
        plan: what it is to be, as far as that is known; None where there is nothing to change.
        act: makes it through a service, and gives what else is to be known of it.
        action: what the audit log calls it.
        days: how many days after the preparation it is made.
    """

    plan: Callable[[World, random.Random], Answer | None]
    act: Callable[[Kms, World, Answer], Answer]
    action: str
    days: int = 0


_MOST = Quotas().on_demand_rotations_per_key


def _nothing_known(_world: World, _chance: random.Random) -> Answer:
    return {}


def _leaving(world: World, chance: random.Random) -> Answer | None:
    arn = _one_of(chance, [arn for arn in _in(world.state, "Enabled") if arn != world.orders])
    return arn and {"arn": arn, "state": "PendingDeletion"}


def _coming_back(world: World, chance: random.Random) -> Answer | None:
    arn = _one_of(chance, _in(world.state, "PendingDeletion"))
    return arn and {"arn": arn, "state": "Disabled"}


def _doomed(world: World, _chance: random.Random) -> Answer:
    return {"arn": world.doomed}


def _another_policy(world: World, chance: random.Random) -> Answer | None:
    arn = _one_of(chance, _in(world.state, "Enabled"))
    return arn and {
        "arn": arn,
        "policy": next(each for each in POLICIES if each != world.state.policies[arn]),
    }


def _a_name(world: World, _chance: random.Random) -> Answer:
    return {"name": f"grant-{len(world.tokens)}"}


def _a_grant(world: World, chance: random.Random) -> Answer | None:
    grant = _one_of(chance, [*world.state.grants])
    return grant and {"id": grant}


def _rotated(world: World, chance: random.Random) -> Answer | None:
    arn = _one_of(
        chance,
        [
            arn
            for arn in _in(world.state, "Enabled")
            if arn in world.sealed and arn != world.orders and len(world.state.rotations.get(arn, ())) < _MOST
        ],
    )
    return arn and {"arn": arn}


def _due(world: World, _chance: random.Random) -> Answer | None:
    return None if world.orders in world.state.rotations else {"arn": world.orders}


def _in(state: State, wanted: str) -> list[str]:
    return [arn for arn, found in state.keys.items() if found == wanted]


def _one_of(chance: random.Random, things: list[str]) -> str | None:
    return chance.choice(things) if things else None


def _schedule(kms: Kms, _world: World, plan: Answer) -> Answer:
    kms.schedule_key_deletion(ROOT, plan["arn"], pending_window_in_days=30)
    return {}


def _cancel(kms: Kms, _world: World, plan: Answer) -> Answer:
    kms.cancel_key_deletion(ROOT, plan["arn"])
    return {}


def _delete(kms: Kms, _world: World, _plan: Answer) -> Answer:
    assert kms.run_due_jobs() == 2  # a rotation is due as well, and comes later
    return {}


def _rotate(kms: Kms, _world: World, plan: Answer) -> Answer:
    kms.rotate_key_on_demand(ROOT, plan["arn"])
    return {}


def _rotate_due(kms: Kms, _world: World, _plan: Answer) -> Answer:
    assert kms.run_due_jobs() == 1
    return {}


def _put_policy(kms: Kms, _world: World, plan: Answer) -> Answer:
    kms.put_key_policy(ROOT, plan["arn"], POLICIES[plan["policy"]])
    return {}


def _retire(kms: Kms, world: World, plan: Answer) -> Answer:
    kms.retire_grant(KEEPER, grant_token=world.tokens[plan["id"]])
    return {}


def _revoke(kms: Kms, world: World, plan: Answer) -> Answer:
    kms.revoke_grant(ROOT, world.orders, plan["id"])
    return {}


CHANGES = {
    "create_key": Change(_nothing_known, lambda kms, _, __: make_key(kms, SYMMETRIC), "kms:CreateKey"),
    "create_resident_key": Change(
        _nothing_known, lambda kms, _, __: make_key(kms, RESIDENT), "kms:CreateKey"
    ),
    "schedule_key_deletion": Change(_leaving, _schedule, "kms:ScheduleKeyDeletion"),
    "cancel_key_deletion": Change(_coming_back, _cancel, "kms:CancelKeyDeletion"),
    "run_due_jobs": Change(_doomed, _delete, "internal:DiscardKeyMaterial", days=8),
    "put_key_policy": Change(_another_policy, _put_policy, "kms:PutKeyPolicy"),
    "create_grant": Change(
        _a_name, lambda kms, world, plan: make_grant(kms, world.orders, plan["name"]), "kms:CreateGrant"
    ),
    "retire_grant": Change(_a_grant, _retire, "kms:RetireGrant"),
    "revoke_grant": Change(_a_grant, _revoke, "kms:RevokeGrant"),
    "rotate_key_on_demand": Change(_rotated, _rotate, "kms:RotateKeyOnDemand"),
    "rotate_on_its_date": Change(_due, _rotate_due, "internal:RotateKeyMaterial"),
}

TODAY = [name for name, change in CHANGES.items() if not change.days]
"""The changes that can follow one another in any order."""

JOBS = {"run_due_jobs", "rotate_on_its_date"}
"""The changes that nobody asks for: what is left undone of one the next job does."""


def _tear(home: Path) -> None:
    """What SoftHSM2 leaves of the master key's file when it is killed in C_Login: nothing."""
    (master,) = home.glob("token/tokens/*/token.object")
    master.chmod(0o600)
    master.write_bytes(b"")


def _lose_the_copy(home: Path) -> None:
    (home / "token" / "token.object.bak").unlink()


LOGINS: dict[str, Callable[[Path], None]] = {
    "log_in": lambda _: None,
    "log_in_after_a_torn_login": _tear,
    "log_in_without_a_copy": _lose_the_copy,
}
"""What is done to a home before somebody logs in."""
