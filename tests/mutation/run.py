"""Mutation testing: does a test notice a small mistake in the code? `make mutate`, or with arguments

    python -m tests.mutation.run [--sample N --seed S] [--only TEXT] TARGET ...

A target is a path below policy_engine, of which `SUITES` says by which tests. The tests are collected once; then
each mutant has a fork of this process, in which it takes the place of its function, and where no test notices, in
which everything is imported anew with its module. The first test that fails kills it, and so does a module that
cannot be imported any more. One that does not end is killed by its alarm. Survivors are printed, and the run fails
where docs/testing.md does not explain one.
"""

from __future__ import annotations

import argparse
import ast
import gc
import hashlib
import importlib.machinery
import os
import resource
import signal
import sys
import time
from collections import Counter
from functools import _lru_cache_wrapper
from inspect import getattr_static
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.mutation.mutants import Mutant, mutants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENGINE = Path(__file__).parents[2] / "policy_engine"
EXPLAINED = ENGINE.parent / "docs/testing.md"
SCENARIOS = "tests/scenarios/test_scenarios.py"
SUITES = {
    "conditions": ("tests/conditions", SCENARIOS, "tests/graph"),
    "engine": ("tests/engine/test_combination.py", SCENARIOS, "tests/engine"),
    "graph": ("tests/graph", SCENARIOS, "tests/engine"),
    "reading": ("tests/reading", SCENARIOS),
}
PYTEST = (
    "-x", "-s", "-qq", "--assert=plain", "-o", "addopts=--strict-markers --import-mode=importlib",
    "-k", "not (test_threads or never_lost or answered_soon or one_look_up)",  # slow, or a matter of how busy the machine is
    "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:benchmark", "-p", "no:hypothesispytest",
)  # fmt: skip
SECONDS = 90
"""Of the processor, so that a busy machine kills no mutant; of one that waits for something, ten times that."""
MEMORY = 4 << 30
NOTICED, FAULT = 1, 70
BAD = ("survived", "not run")
Chosen = list[tuple[Path, ast.Module, Mutant]]


def main() -> int:
    """Run what the command line asks for; 1 where a survivor is not explained."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run")
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--sample", type=int, help="how many mutants are drawn; all, where not given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="run the mutants that have this text in their name")
    asked = parser.parse_args()
    hypothesis.settings.register_profile("mutation", derandomize=True, database=None)
    hypothesis.settings.load_profile("mutation")
    chosen = [one for one in mutants_of(asked.targets) if asked.only in name_of(one[0], one[2])]
    if asked.sample is not None:
        chosen = sorted(chosen, key=lambda one: lot(asked.seed, name_of(one[0], one[2])))[: asked.sample]
    run = Run(len(chosen))
    for room, suites in SUITES.items():
        run.chosen = [one for one in chosen if one[0].parent.name == room]
        if run.chosen and pytest.main([*PYTEST, *suites], plugins=[run]):
            return 1
    return int(any(run.counts[bad] for bad in BAD))


def mutants_of(targets: list[str]) -> Chosen:
    """Every mutant of the modules of targets."""
    paths = [ENGINE / target for target in targets]
    files = [file for path in paths for file in (sorted(path.glob("*.py")) if path.is_dir() else [path])]
    trees = [(file, ast.parse(file.read_text(encoding="utf-8"))) for file in files]
    return [(file, tree, mutant) for file, tree in trees for mutant in mutants(tree)]


def name_of(path: Path, mutant: Mutant) -> str:
    """A mutant as docs/testing.md names it."""
    return f"{path.relative_to(ENGINE)} {mutant}"


def lot(seed: int, name: str) -> bytes:
    """Where a mutant stands in the order in which a sample is drawn, whatever other mutants there are."""
    return hashlib.sha256(f"{seed} {name}".encode()).digest()


class Run:
    """Takes the place of pytest's loop over the tests that it has collected."""

    def __init__(self, size: int) -> None:
        self.chosen: Chosen = []
        self.counts: Counter[str] = Counter()
        self._size = size
        self._explained = EXPLAINED.read_text(encoding="utf-8")
        self._started = time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Put each mutant to the tests, after the code as it is."""
        if in_fork(lambda: failing(session)) != 0:
            raise pytest.UsageError("the tests fail without any mutant")
        for path, tree, mutant in self.chosen:
            self._count(path, mutant, in_fork(lambda: put(path, tree, mutant, session)))  # noqa: B023 - called at once
        return True

    def _count(self, path: Path, mutant: Mutant, ended: int | None) -> None:
        name = name_of(path, mutant)
        survived = "explained" if f"`{name}`" in self._explained else "survived"
        found = {0: survived, NOTICED: "killed", None: "out of time"}.get(ended, "not run")
        self.counts[found] += 1
        done = self.counts.total()
        if found in BAD:
            say(f"{found}: {path}:{mutant.line}\n  {name}")
        if done % 100 == 0 or done == self._size:
            noticed = self.counts["killed"] + self.counts["out of time"]
            seconds = time.monotonic() - self._started
            say(
                f"{done} of {self._size} mutants in {seconds:.0f} s, {noticed / done:.1%} noticed: {dict(self.counts)}"
            )


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def in_fork(work: Callable[[], int]) -> int | None:
    """What some work ends with in a process of its own; None where it had to be killed."""
    child = os.fork()
    if child == 0:
        try:
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            signal.alarm(10 * SECONDS)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            os._exit(work())
        finally:
            os._exit(FAULT)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def failing(session: pytest.Session) -> int:
    """Run the tests up to the first that fails; whether one did."""
    for item, following in zip(session.items, [*session.items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            return NOTICED
    return 0


def put(path: Path, tree: ast.Module, mutant: Mutant, session: pytest.Session) -> int:
    """Put a mutant in its place and run the tests."""
    mutant.apply()
    code = compile(tree, str(path), "exec")
    for cached in gc.get_objects():
        if isinstance(cached, _lru_cache_wrapper):
            cached.cache_clear()
    name = ".".join(path.relative_to(ENGINE.parent).with_suffix("").parts).removesuffix(".__init__")
    if replaced(sys.modules[name], mutant.where, code) and failing(session):
        return NOTICED
    # what survives may be a function that is called when its module is imported
    return NOTICED if imported_anew(path, code, session.config.args) else 0


def replaced(found: object, where: str, code: CodeType) -> bool:
    """Whether the function that a mutant stands in could be given its code."""
    for name in where.split("."):
        found = getattr_static(found, name, None)
        found = getattr(found, "fget", getattr(found, "__wrapped__", getattr(found, "__func__", found)))
        if isinstance(found, FunctionType):
            codes = [c for c in code_objects(code) if c.co_qualname == found.__qualname__]
            if (
                len(codes) != 1
                or codes[0] == found.__code__
                or codes[0].co_freevars != found.__code__.co_freevars
            ):
                return False
            found.__code__ = codes[0]
            return True
    return False


def code_objects(code: CodeType) -> Iterator[CodeType]:
    """A code object with those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from code_objects(constant)


def imported_anew(path: Path, code: CodeType, suites: list[str]) -> int:
    """Run the tests, everything imported and collected anew with one module's code replaced."""
    for name in [name for name in sys.modules if name.startswith(("policy_engine", "tests."))]:
        del sys.modules[name]
    loader = importlib.machinery.SourceFileLoader
    original = loader.get_code
    loader.get_code = lambda self, name: code if self.path == str(path) else original(self, name)  # type: ignore[method-assign]
    return pytest.main([*PYTEST, *suites])


if __name__ == "__main__":
    sys.exit(main())
