"""How a process kills itself at a point: the point's function is wrapped where the core finds it."""

from __future__ import annotations

import importlib
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.kms_core.crash.points import Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kms_core.crash.points import Point


def die() -> None:
    """SIGKILL, which nothing can be done about."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: Point) -> None:
    """From now on this process does not get past a point."""
    owner, name = found(point)
    setattr(owner, name, _deadly(getattr(owner, name), point))


def found(point: Point) -> tuple[object, str]:
    """Where the core looks for a point's place, and under what name; an error where there is nothing."""
    module, _, path = point.place.partition(":")
    *outer, name = path.split(".")
    owner: object = importlib.import_module(module)
    for each in outer:
        owner = getattr(owner, each)
    getattr(owner, name)
    return owner, name


def _deadly(place: Callable[..., object], point: Point) -> Callable[..., object]:
    calls = 0

    def due(moment: Moment) -> bool:
        return moment is point.moment and calls == point.turn

    def reached(*given: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if due(Moment.BEFORE):
            die()
        answer = place(*given, **named)
        if due(Moment.AFTER):
            die()
        return _left(answer) if due(Moment.LEFT) else answer

    return reached


@contextmanager
def _left(entered: object) -> Iterator[object]:
    with entered as value:
        yield value
    die()
