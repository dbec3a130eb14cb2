"""What runs in the process that is killed.

It prints a line when it is ready, a line before each change (``begin``) and one when that has returned
(``done``). Arguments: the home, the file of its world, what to do, and the point's number or a seed.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kms_core.hsm import embedded
from tests.kms_core.crash.changes import CHANGES, LOGINS
from tests.kms_core.crash.dying import arm
from tests.kms_core.crash.points import POINTS
from tests.kms_core.crash.world import PIN, World, opened

if TYPE_CHECKING:
    from kms_core.service import Kms
    from tests.kms_core.crash.world import Answer


def to_a_point() -> None:
    """One change, up to a point."""
    home, world = Path(sys.argv[1]), World.of(Path(sys.argv[2]).read_text())
    point = POINTS[int(sys.argv[3])]
    if point.change in LOGINS:
        LOGINS[point.change](home)
        arm(point)
        opened(home)
        return
    change = CHANGES[point.change]
    kms = opened(home, change.days)
    arm(point)
    _change(kms, world, point.change, change.plan(world, random.Random(0)))


def on_and_on() -> None:
    """One change after the other, until somebody puts an end to it."""
    home, world = Path(sys.argv[1]), World.of(Path(sys.argv[2]).read_text())
    chance = random.Random(int(sys.argv[3]))
    names = sys.argv[4].split(",")
    kms = opened(home)
    _say("ready", "", {})
    while True:
        name = chance.choice(names)
        plan = CHANGES[name].plan(world, chance)
        if plan is not None:
            _change(kms, world, name, plan)


def log_in_again_and_again() -> None:
    """One login after the other."""
    home = Path(sys.argv[1])
    _say("ready", "", {})
    while True:
        embedded.log_in(home, PIN, None).close()
        _say("done", "log_in", {})


def _change(kms: Kms, world: World, name: str, plan: Answer | None) -> None:
    assert plan is not None
    _say("begin", name, plan)
    answer = {**plan, **CHANGES[name].act(kms, world, plan)}
    world.take(name, answer)
    _say("done", name, answer)


def _say(what: str, name: str, answer: Answer) -> None:
    print(json.dumps([what, name, answer]), flush=True)  # noqa: T201 - the line to who kills
