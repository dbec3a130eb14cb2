"""What another process finds in a home after a kill; it prints it as JSON.

Arguments: the home and the file of its world, with all that was acknowledged. What contradicts itself is said in
words, as `wrong`: a key that does not work, a grant in one list only, an audit log that does not hold.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kms_core.audit_check import verify_home
from kms_core.errors import AccessDeniedError, InvalidGrantTokenError, KmsError, NotFoundError
from kms_core.home import Home
from kms_core.model.sources import Sources
from kms_core.store import database as module
from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database
from tests.kms_core.crash.changes import CHANGES
from tests.kms_core.crash.world import (
    APP,
    DAY,
    DOOMED,
    KEEPER,
    PERIOD,
    PIN,
    POLICIES,
    ROOT,
    WITH,
    State,
    World,
    grantee,
    opened,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.service import Kms
    from kms_core.service.results import GrantPage

T = TypeVar("T")
_ASIDE = {
    "the database is damaged": "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check != 'ok'",
    "a row refers to nothing": "SELECT count(*) FROM pragma_foreign_key_check",
    "a token is of no grant": "SELECT count(*) FROM grant_tokens WHERE grant_id NOT IN (SELECT grant_id FROM grants)",
    "a grant has no token": "SELECT count(*) FROM grants WHERE grant_id NOT IN (SELECT grant_id FROM grant_tokens)",
    "a key has no material": """SELECT count(*) FROM keys WHERE state NOT IN ('Creating', 'Deleted')
        AND key_id NOT IN (SELECT key_id FROM backing_keys)""",
    "material is neither a key's first nor of a rotation": """SELECT count(*) FROM
        (SELECT key_id, count(*) AS filed FROM backing_keys GROUP BY key_id) AS material
        WHERE filed != 1 + (SELECT count(*) FROM rotations WHERE rotations.key_id = material.key_id)""",
    "material is of no key": "SELECT count(*) FROM backing_keys WHERE key_id NOT IN (SELECT key_id FROM keys)",
}
"""What must be nowhere in the database."""


def _unhurried() -> None:
    """A look waits for no disk: it is not what a power cut would leave that is asked here."""
    module._PRAGMAS = [each.replace("synchronous=FULL", "synchronous=OFF") for each in module._PRAGMAS]


def main() -> None:
    """Look, and print what is found."""
    _unhurried()
    home, world = Path(sys.argv[1]), World.of(Path(sys.argv[2]).read_text())
    wrong = list(verify_home(Home(home), PIN, Sources()).faults)
    with Database.open(home / "kmsgate.db") as database, database.read() as connection:
        records = _records(database)
        hidden = connection.exec_driver_sql("SELECT arn FROM keys WHERE state = 'Creating'").scalars().all()
        wrong += [what for what, query in _ASIDE.items() if connection.exec_driver_sql(query).scalar()]
    objects = len([*home.glob("token/tokens/*/*.object")])
    with opened(home) as kms:
        look = _Look(kms, world, wrong)
        for arn in hidden:
            look.must_be(f"hidden {arn}", _answer(lambda arn=arn: kms.describe_key(ROOT, arn)), NotFoundError)
        state = look.state()
    print(  # noqa: T201 - the line to who asked
        json.dumps(
            {
                "state": asdict(state),
                "wrong": wrong,
                "hidden": len(hidden),
                "records": records,
                "objects": objects,
            }
        )
    )


def finish() -> None:
    """Run the jobs that are due a week later; print what is left of the doomed key, and what was rotated."""
    _unhurried()
    home, world = Path(sys.argv[1]), World.of(Path(sys.argv[2]).read_text())
    key_id = world.doomed.rpartition("/")[2]
    with opened(home, CHANGES["run_due_jobs"].days) as kms:
        kms.run_due_jobs()
        there = _answer(lambda: kms.describe_key(ROOT, world.doomed)) is not NotFoundError
        again = kms.run_due_jobs()
        rotations = [each.rotation_type for each in kms.list_key_rotations(ROOT, world.orders).rotations]
    with Database.open(home / "kmsgate.db") as database, database.read() as connection:
        rows = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE key_id = ?", (key_id,)).scalar()  # noqa: S608
            for table in ("keys", "backing_keys", "aliases", "tags", "grants", "last_uses", "rotations")
        ]
    objects = len([*home.glob("token/tokens/*/*.object")])
    faults = verify_home(Home(home), PIN, Sources()).faults
    print(  # noqa: T201 - the line to who asked
        json.dumps(
            {
                "there": there,
                "again": again,
                "rotations": rotations,
                "rows": sum(rows),
                "objects": objects,
                "faults": faults,
            }
        )
    )


class _Look:
    """One look through a service."""

    def __init__(self, kms: Kms, world: World, wrong: list[str]) -> None:
        self._kms = kms
        self._world = world
        self._wrong = wrong

    def must_be(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self._wrong.append(f"{what}: {found!r} instead of {wanted!r}")

    def state(self) -> State:
        """Everything that is there, each thing tried."""
        state = State()
        for arn in sorted(each.key_arn for each in self._kms.list_keys(ROOT, limit=1000).keys):
            state.keys[arn] = self._kms.describe_key(ROOT, arn).state.value
            state.tags[arn] = dict(self._kms.list_resource_tags(ROOT, arn).tags)
            state.policies[arn] = self._policy(arn)
            state.rotations |= self._rotations(arn)
        self._grants(state)
        doomed = _answer(lambda: self._kms.describe_key(ROOT, DOOMED).arn)
        self.must_be(
            "the alias of the doomed key", doomed is NotFoundError, self._world.doomed not in state.keys
        )
        for arn, found in state.keys.items():
            self._use(arn, found)
        return state

    def _policy(self, arn: str) -> str:
        text = self._kms.get_key_policy(ROOT, arn).policy
        name = next((name for name, each in POLICIES.items() if each == text), text)
        used = _answer(lambda: self._kms.generate_data_key(APP, arn, key_spec="AES_256"))
        self.must_be(f"app may use {arn}, {name}", used is not AccessDeniedError, name == WITH)
        return name

    def _rotations(self, arn: str) -> dict[str, list[str]]:
        key = self._kms.describe_key(ROOT, arn)
        if key.spec.value != "SYMMETRIC_DEFAULT":
            return {}
        first, *rotations = self._kms.list_key_rotations(
            ROOT, arn, include_key_material="ALL_KEY_MATERIAL"
        ).rotations
        newest = [first, *rotations][-1].key_material_id
        self.must_be(f"the newest material of {arn}", key.current_backing_key_id, newest)
        if key.rotation is not None and "AUTOMATIC" in [each.rotation_type for each in rotations]:
            self.must_be(
                f"the next date of {arn}", key.rotation.next_date, rotations[-1].rotation_date + PERIOD * DAY
            )
        return {arn: [each.rotation_type.value for each in rotations]} if rotations else {}

    def _grants(self, state: State) -> None:
        orders = self._world.orders
        state.grants = _named(lambda **page: self._kms.list_grants(ROOT, orders, **page))
        retirable = _named(lambda **page: self._kms.list_retirable_grants(ROOT, KEEPER, **page))
        self.must_be("grants that may be retired", retirable, state.grants)
        for name in {"first", "second", "grant-2", *state.grants.values()}:
            sealed = _answer(lambda name=name: self._kms.encrypt(grantee(name), orders, b"x"))
            self.must_be(
                f"{name} may use its grant", sealed is not AccessDeniedError, name in state.grants.values()
            )
        for grant, token in self._world.tokens.items():
            name = state.grants.get(grant, "nobody")
            used = _answer(
                lambda name=name, token=token: self._kms.encrypt(
                    grantee(name), orders, b"x", grant_tokens=[token]
                )
            )
            self.must_be(f"the token of {grant}", used is InvalidGrantTokenError, grant not in state.grants)

    def _use(self, arn: str, state: str) -> None:
        """Use a key, brought back to life where it must be, for what was made under it and anew."""
        if state == "PendingDeletion" and arn != self._world.doomed:
            self._kms.cancel_key_deletion(ROOT, arn)
            state = "Disabled"
        if state == "Disabled":
            self._kms.enable_key(ROOT, arn)
            state = "Enabled"
        if state != "Enabled":
            return
        if self._kms.describe_key(ROOT, arn).spec.value == "SYMMETRIC_DEFAULT":
            fresh = _answer(lambda: self._sealed(arn))
            self.must_be(f"a new ciphertext of {arn}", fresh, arn.encode())
            if arn in self._world.sealed:
                blob = b64decode(self._world.sealed[arn])
                kept = _answer(lambda: self._kms.decrypt(ROOT, blob).plaintext)
                self.must_be(f"a ciphertext of {arn}", kept, arn.encode())
        else:
            self.must_be(f"a signature of {arn}", _answer(lambda: self._signed(arn)), wanted=True)

    def _sealed(self, arn: str) -> bytes:
        blob = self._kms.encrypt(ROOT, arn, arn.encode()).ciphertext_blob
        return self._kms.decrypt(ROOT, blob).plaintext

    def _signed(self, arn: str) -> bool:
        signature = self._kms.sign(ROOT, arn, b"m", "ED25519_SHA_512").signature
        return self._kms.verify(ROOT, arn, b"m", signature, "ED25519_SHA_512").signature_valid


def _named(listing: Callable[..., GrantPage]) -> dict[str, str]:
    page = listing(limit=100)
    found = [*page.grants]
    while page.truncated:
        page = listing(limit=100, marker=page.next_marker)
        found += page.grants
    return {each.grant.grant_id: each.grant.name or "" for each in found}


def _records(database: Database) -> Counter[str]:
    """How many calls of each action were allowed and did what they were to do."""
    with database.read() as connection:
        records = [json.loads(row.record) for row in all_rows(connection)]
    return Counter(
        each["action"]
        for each in records
        if each["kind"] == "service" or (each["outcome"] == "allowed" and each["error_code"] is None)
    )


def _answer(call: Callable[[], T]) -> T | type[KmsError]:
    try:
        return call()
    except KmsError as error:
        return type(error)
