"""Where a process kills itself in the midst of a change, and whether the change is there afterwards.

One table for all changes. A place is a function of the core, by its module and name there; the moment is before
it is called or after it has returned, or for a context manager after it was left.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Moment(StrEnum):
    """When in a call of the place."""

    BEFORE = "before"
    AFTER = "after"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Point:
    """A point.

    Attributes:
        change: what is under way, by its name in `changes`.
        name: what has been done by then, for people.
        place: the function.
        moment: when in its call.
        kept: whether the change is there for the next process.
        turn: the how-many-th call of the place in this change it is.
    """

    change: str
    name: str
    place: str
    moment: Moment
    kept: bool = False
    turn: int = 1


_RECORD = ("kms_core.audit.log:insert_row", Moment.AFTER)
_COMMIT = ("kms_core.audit.log:AuditLog.beside", Moment.LEFT)
_SHARED_COMMIT = ("kms_core.audit.log:AuditLog.append", Moment.AFTER)
_ANSWER = ("kms_core.service.checkpoints:Checkpoints.make_if_due", Moment.BEFORE)


def _of(
    change: str,
    *steps: tuple[str, str, Moment],
    ends: bool = True,
    commit: tuple[str, Moment] = _COMMIT,
) -> list[Point]:
    """The points of a change: its own steps, none of which is kept, and the end that all changes have."""
    points = [Point(change, *step) for step in steps]
    if ends:
        points += [
            Point(change, "record written, not committed", *_RECORD),
            Point(change, "committed, lock held", *commit, kept=True),
            Point(change, "lock let go, not answered", *_ANSWER, kept=True),
        ]
    return points


_BEFORE, _AFTER = Moment.BEFORE, Moment.AFTER
_ROTATION = (
    ("no material", "kms_core.key_material:KeyMaterial.generate", _BEFORE),
    ("made in the HSM, not wrapped", "kms_core.hsm.backing_keys:_make_secret", _AFTER),
    ("material made, not filed", "kms_core.key_material:KeyMaterial.generate", _AFTER),
    ("material filed, no rotation", "kms_core.store.rotation:insert_backing_key", _AFTER),
    ("current, not committed", "kms_core.store.rotation:rotate", _AFTER),
)
"""What the two kinds of rotation have in common."""

POINTS = [
    *_of(
        "create_key",
        ("nothing written", "kms_core.store.keys:insert_intent", _BEFORE),
        ("intent written, not committed", "kms_core.store.keys:insert_intent", _AFTER),
        ("intent committed, no material", "kms_core.key_material:KeyMaterial.generate", _BEFORE),
        ("material made, not filed", "kms_core.key_material:KeyMaterial.generate", _AFTER),
        ("material filed, no tags", "kms_core.store.keys:enable_with", _AFTER),
        ("tags written", "kms_core.service.keys:put_tags", _AFTER),
        commit=_SHARED_COMMIT,
    ),
    *_of(
        "create_resident_key",
        ("pair in the token, not on the disk", "kms_core.hsm.key_pairs:_generate", _AFTER),
        ("pair on the disk, not bound", "kms_core.hsm.pair_blob:encode", _BEFORE),
        ("pair bound, not filed", "kms_core.key_material:KeyMaterial.generate", _AFTER),
        commit=_SHARED_COMMIT,
    ),
    *_of(
        "schedule_key_deletion",
        ("state not set", "kms_core.store.key_life:set_state", _BEFORE),
        ("state set, not committed", "kms_core.store.key_life:set_state", _AFTER),
    ),
    *_of("cancel_key_deletion", ("state set, not committed", "kms_core.store.key_life:set_state", _AFTER)),
    *_of(
        "run_due_jobs",
        ("recorded, nothing ended", "kms_core.store.key_life:end", _BEFORE),
        ("ended, not committed", "kms_core.store.key_life:end", _AFTER),
        ends=False,
    ),
    *(
        Point("run_due_jobs", name, place, moment, kept=True)
        for name, place, moment in (
            ("ended, HSM still has it", "kms_core.hsm.token:Pkcs11Hsm.discard", _BEFORE),
            ("HSM has destroyed it, not on the disk", "kms_core.hsm.durable:sync", _BEFORE),
            ("HSM has forgotten it", "kms_core.hsm.token:Pkcs11Hsm.discard", _AFTER),
            ("material not taken away", "kms_core.store.key_life:erase", _BEFORE),
            ("material taken away, not committed", "kms_core.store.key_life:erase", _AFTER),
            ("all committed, lock let go", "kms_core.service.due_jobs:delete_if_due", _AFTER),
        )
    ),
    *_of(
        "put_key_policy",
        ("policy not filed", "kms_core.service.policies:file_policy", _BEFORE),
        ("policy filed, key has the old one", "kms_core.service.policies:file_policy", _AFTER),
        ("key has it, version not raised", "kms_core.store.keys:raise_access_version", _BEFORE),
        ("version raised", "kms_core.store.keys:raise_access_version", _AFTER),
    ),
    *_of(
        "create_grant",
        ("nothing written", "kms_core.store.grants:insert_grant", _BEFORE),
        ("grant written, version not raised", "kms_core.store.grants:raise_access_version", _BEFORE),
        ("grant written, no token", "kms_core.store.grants:insert_token", _BEFORE),
        ("token written", "kms_core.store.grants:insert_token", _AFTER),
    ),
    *_of(
        "retire_grant",
        ("nothing written", "kms_core.store.grants:delete_grant", _BEFORE),
        ("grant taken away, version not raised", "kms_core.store.grants:raise_access_version", _BEFORE),
        ("version raised", "kms_core.store.grants:delete_grant", _AFTER),
    ),
    *_of(
        "revoke_grant",
        ("nothing written", "kms_core.store.grants:delete_grant", _BEFORE),
        ("grant taken away, version not raised", "kms_core.store.grants:raise_access_version", _BEFORE),
        ("version raised", "kms_core.store.grants:delete_grant", _AFTER),
    ),
    *_of("rotate_key_on_demand", *_ROTATION),
    *_of(
        "rotate_on_its_date",
        *_ROTATION,
        ("current, next date not set", "kms_core.store.rotation:set_schedule", _BEFORE),
        ("next date set, record not written", "kms_core.store.rotation:set_schedule", _AFTER),
        ("record written, not committed", *_RECORD),
        ends=False,
    ),
    Point("rotate_on_its_date", "committed, lock held", *_COMMIT, kept=True),
    Point("rotate_on_its_date", "lock let go", "kms_core.service.due_jobs:rotate_if_due", _AFTER, kept=True),
    *_of(
        "log_in",
        ("folder locked", "kms_core.hsm.token_folder:TokenFolder.restore", _BEFORE),
        ("configuration drafted", "pathlib:Path.replace", _BEFORE),
        ("configuration in its place", "pathlib:Path.replace", _AFTER),
        ("C_Initialize has returned", "kms_core.hsm.embedded:claim", _AFTER),
        ("token found, before C_Login", "kms_core.hsm.login:Login._find", _AFTER),
        ("C_Login has returned", "kms_core.hsm.login:Login.log_in", _AFTER),
        ("master key protected, lock let go", "kms_core.hsm.embedded:log_in", _AFTER),
        ("token examined", "kms_core.hsm.opening:_able", _AFTER),
        ("opened, pair not checked", "kms_core.opening:require_pair", _BEFORE),
        ("pair checked", "kms_core.opening:require_pair", _AFTER),
        ends=False,
    ),
    *_of(
        "log_in_after_a_torn_login",
        ("master key drafted from its copy", "pathlib:Path.replace", _BEFORE),
        ("master key put back", "pathlib:Path.replace", _AFTER),
        ("token found, before C_Login", "kms_core.hsm.login:Login._find", _AFTER),
        ("C_Login has returned", "kms_core.hsm.login:Login.log_in", _AFTER),
        ends=False,
    ),
    Point("log_in_without_a_copy", "copy drafted", "pathlib:Path.replace", _BEFORE, turn=2),
    Point("log_in_without_a_copy", "copy in its place", "pathlib:Path.replace", _AFTER, turn=2),
]


def telling() -> list[Point]:
    """Of every change the points between which it comes to be; of a login, after which all stays, the first and last."""
    found = []
    for change in dict.fromkeys(point.change for point in POINTS):
        points = [point for point in POINTS if point.change == change]
        kept = [point for point in points if point.kept]
        missed = [point for point in points if not point.kept]
        found += [missed[-1], kept[0]] if kept else [missed[0], missed[-1]]
    return found
