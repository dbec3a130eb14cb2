"""The stages of a call are measured by wrapping; afterwards everything is as it was."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from bench import stages

if TYPE_CHECKING:
    from collections.abc import Iterator


def _burn() -> None:
    sum(range(200_000))


def test_each_stage_is_counted_without_what_it_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def held() -> Iterator[None]:
        _burn()
        yield

    parts = SimpleNamespace(inner=_burn, held=held, outer=lambda: (parts.inner(), parts.inner()))
    before = dict(vars(parts))
    monkeypatch.setattr(
        stages,
        "STAGES",
        {"inner": ((parts, "inner"),), "outer": ((parts, "outer"),), "lock": ((parts, "held"),)},
    )
    with stages.measured() as taken:

        def call() -> None:
            taken.begin()
            with parts.held():
                parts.outer()
            _burn()
            taken.end()

        threads = [threading.Thread(target=call) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    shares = taken.shares()
    assert dict(vars(parts)) == before
    assert sum(shares.values()) == pytest.approx(100)
    assert shares["inner"] == pytest.approx(50, abs=15)
    assert shares["lock"] == pytest.approx(25, abs=12)
    assert shares[stages.REST] == pytest.approx(25, abs=12)
    assert shares["outer"] < 5


@pytest.mark.parametrize(
    ("stage", "owner", "name"),
    [(stage, owner, name) for stage, parts in stages.STAGES.items() for owner, name in parts],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", None),
)
def test_every_function_of_the_table_is_there(stage: str, owner: object, name: str) -> None:
    assert callable(getattr(owner, name, None)), f"{stage}: {owner} has no {name}"
