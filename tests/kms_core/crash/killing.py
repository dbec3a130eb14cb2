"""One kill, from a copy of the prepared home to what another process finds there afterwards."""

from __future__ import annotations

import json
import shutil
import signal
import time
from copy import deepcopy
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from tests.kms_core.crash.changes import CHANGES, TODAY
from tests.kms_core.crash.points import POINTS
from tests.kms_core.crash.world import Answer, State, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kms_core.crash.points import Point
    from tests.kms_core.forking import Forked

Announced = tuple[str, Answer]
"""A change by its name, and what is known of it."""

_CHILD = "from tests.kms_core.crash.{module} import {function}; {function}()"
_PREPARE = """
import sys
from pathlib import Path
from tests.kms_core.crash.world import prepare
Path(sys.argv[2]).write_text(prepare(Path(sys.argv[1])).text())
"""


@dataclass(frozen=True)
class Found:
    """What a kill came to.

    Attributes:
        acknowledged: the changes that had returned.
        under_way: the one that had not.
        kept: whether that one is there all the same.
        wrong: in words, what is lost, half there, or contradicts itself; empty where all is well.
    """

    acknowledged: list[Announced]
    under_way: Announced | None
    kept: bool
    wrong: list[str]


class Killing:
    """Kills processes on copies of one prepared home.

    Args:
        prepared: where the prepared home is.
        work: where its copies are.
        module: the PKCS#11 module.
        fork: starts processes.
    """

    def __init__(self, prepared: Path, work: Path, module: Path, fork: Callable[..., Forked]) -> None:
        self._home, self._file = prepared / "home", prepared / "world.json"
        self._copied_home, self._copied_file = work / "home", work / "world.json"
        self._environment = {"KMSGATE_PKCS11_MODULE": str(module)}
        self._fork = fork

    def prepare(self) -> None:
        """Make the home, and check that it is found as it was made."""
        self._run(_PREPARE, self._home, self._file)
        seen = self._look(*self._copy())
        world = World.of(self._file.read_text())
        assert (seen["wrong"], State(**seen["state"])) == ([], world.state)
        world.records, world.objects = seen["records"], seen["objects"]
        self._file.write_text(world.text())

    def at(self, point: Point) -> Found:
        """Kill a process at a point."""
        home, file = self._copy()
        process = self._start(_child("acting", "to_a_point"), home, file, POINTS.index(point))
        return self._found(process, home, file)

    def at_random(self, seconds: float, seed: int, names: list[str], *, changes: int = 0) -> Found:
        """Kill a process that makes changes of these kinds, so long after it has made so many."""
        home, file = self._copy()
        process = self._start(_child("acting", "on_and_on"), home, file, seed, ",".join(names))
        read = [process.stdout.readline() for _ in range(1 + 2 * changes)]
        self._kill(process, seconds)
        return self._judged(home, file, *_read("".join(read) + _last_words(process)))

    def logins_at_random(self, seconds: float) -> Found:
        """Kill two processes that log in again and again, each in the other's way."""
        home, file = self._copy()
        pair = [self._start(_child("acting", "log_in_again_and_again"), home, file) for _ in range(2)]
        for process in pair:
            process.stdout.readline()
        for process, rest in zip(pair, (seconds, 0.0), strict=True):
            self._kill(process, rest)
        acknowledged = [each for process in pair for each in _read(_last_words(process))[0]]
        return self._judged(home, file, acknowledged, None)

    def unfinished(self) -> list[str]:
        """What a later job leaves undone in the last copy; it must be nothing.

        Of the doomed key nothing may be left, and the key whose rotation is due must be rotated, once.
        """
        finished = json.loads(self._run(_child("looking", "finish"), self._copied_home, self._copied_file))
        left = World.of(self._file.read_text()).objects - 1
        rotated = {"rotations": ["AUTOMATIC"]}
        wanted = {"there": False, "again": 0, "rows": 0, "objects": left, "faults": [], **rotated}
        return [
            f"{name}: {finished[name]} instead of {value}"
            for name, value in wanted.items()
            if finished[name] != value
        ]

    def damaged(
        self, damage: Callable[[Path], None], acknowledged: list[Announced] | None = None
    ) -> list[str]:
        """What is said to be wrong with a home that was damaged, or that changes are said to have been made in."""
        home, file = self._copy()
        damage(home)
        return self._judged(home, file, acknowledged or [], None).wrong

    def _kill(self, process: Forked, seconds: float) -> None:
        time.sleep(seconds)
        process.kill()

    def _found(self, process: Forked, home: Path, file: Path) -> Found:
        return self._judged(home, file, *_read(_last_words(process)))

    def _judged(
        self, home: Path, file: Path, acknowledged: list[Announced], under_way: Announced | None
    ) -> Found:
        world = World.of(file.read_text())
        for change, answer in acknowledged:
            if change in CHANGES:
                world.take(change, answer)
        file.write_text(world.text())
        seen = self._look(home, file)
        kept, wrong = _judge(world, under_way, State(**seen["state"]))
        made = [*acknowledged, under_way] if kept and under_way else acknowledged
        wrong += _unrecorded(world, made, seen["records"])
        return Found(acknowledged, under_way, kept, seen["wrong"] + wrong)

    def _copy(self) -> tuple[Path, Path]:
        if self._copied_home.exists():
            shutil.rmtree(self._copied_home)
        shutil.copytree(self._home, self._copied_home)
        shutil.copy(self._file, self._copied_file)
        return self._copied_home, self._copied_file

    def _look(self, home: Path, file: Path) -> dict[str, dict]:
        return json.loads(self._run(_child("looking", "main"), home, file))

    def _start(self, code: str, *arguments: object) -> Forked:
        return self._fork(code, *arguments, environment=self._environment)

    def _run(self, code: str, *arguments: object) -> str:
        process = self._start(code, *arguments)
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        return output


def _child(module: str, function: str) -> str:
    return _CHILD.format(module=module, function=function)


def _last_words(process: Forked) -> str:
    output, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors
    return output


def _read(output: str) -> tuple[list[Announced], Announced | None]:
    """The changes that were acknowledged, and the one that was begun and was not."""
    acknowledged: list[Announced] = []
    under_way: Announced | None = None
    for line in output.splitlines():
        what, change, answer = json.loads(line)
        under_way = (change, answer) if what == "begin" else None
        if what == "done":
            acknowledged.append((change, answer))
    return acknowledged, under_way


def _judge(world: World, under_way: Announced | None, seen: State) -> tuple[bool, list[str]]:
    """Whether the change under way is there, and what is neither as before it nor as after it."""
    if seen == world.state:
        return False, []
    if under_way is not None:
        change, answer = under_way
        after = deepcopy(world.state)
        new = {
            "arn": [*(seen.keys.keys() - after.keys.keys())],
            "id": [*(seen.grants.keys() - after.grants.keys())],
        }
        after.take(change, {**{name: each[0] for name, each in new.items() if len(each) == 1}, **answer})
        if seen == after:
            return True, []
    pairs = (
        (field.name, getattr(seen, field.name), getattr(world.state, field.name)) for field in fields(State)
    )
    differing = [f"{name} are {found} after {known}" for name, found, known in pairs if found != known]
    return False, [*differing, f"under way was {under_way}"]


def _unrecorded(world: World, made: list[Announced], records: dict[str, int]) -> list[str]:
    """Of which changes there are more or fewer than the audit log says."""
    wrong = []
    for action in sorted({CHANGES[name].action for name in TODAY}):
        changed = sum(CHANGES[name].action == action for name, _ in made if name in CHANGES)
        recorded = records.get(action, 0) - world.records.get(action, 0)
        if changed != recorded:
            wrong.append(f"{changed} of {action} but {recorded} records")
    return wrong
