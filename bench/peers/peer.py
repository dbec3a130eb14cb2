"""What every peer is to the run: perhaps not installed, given its rules beforehand, checked, then timed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from time import thread_time_ns
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from bench.account import Size
    from bench.peers.rules import Rules
    from bench.stream import Question
    from policy_engine import Outcome

    Answer = Outcome | bool
    """A bool from an engine that does not tell one denial from another."""


class Prepared(Protocol):
    """A peer that knows its rules and has the questions in its own form."""

    def answers(self) -> Sequence[Answer]:
        """What it says to every question."""

    def timed(self, count: int) -> Callable[[], float]:
        """A measure: asks the first questions twice, and tells the nanoseconds of one the second time."""


class Peer(ABC):
    """An engine, and one way to ask it.

    Attributes:
        name: the engine and the way, as tables call it.
        how: what it is given before the timing, and what a decision is.
    """

    name: str
    how: str

    @abstractmethod
    def missing(self) -> str:
        """Why it cannot take part; empty if it can."""

    @abstractmethod
    def version(self) -> str:
        """The version that is installed."""

    @abstractmethod
    def prepare(self, rules: Rules, questions: Sequence[Question]) -> AbstractContextManager[Prepared]:
        """Give it what it needs for some questions; nothing of this is timed."""

    def checked(self, size: Size) -> int:
        """How many requests of the stream must agree before it is timed: all, unless that takes hours."""
        return size.requests


class Library(Peer):
    """A peer that is a Python package, called in this process."""

    module: str
    distribution: str

    def missing(self) -> str:
        return "" if find_spec(self.module) else "not installed"

    def version(self) -> str:
        return version(self.distribution)

    @contextmanager
    def prepare(self, rules: Rules, questions: Sequence[Question]) -> Iterator[Calls]:
        yield self.calls(rules, questions)

    @abstractmethod
    def calls(self, rules: Rules, questions: Sequence[Question]) -> Calls:
        """The calls that answer the questions."""


@dataclass(frozen=True, slots=True)
class Calls:
    """A function and what it is called with, once for each question."""

    ask: Callable[..., Answer]
    arguments: Sequence[tuple[object, ...]]

    def answers(self) -> list[Answer]:
        return [self.ask(*arguments) for arguments in self.arguments]

    def timed(self, count: int) -> Callable[[], float]:
        ask, some = self.ask, self.arguments[:count]

        def calls() -> None:
            for arguments in some:
                ask(*arguments)

        def measure() -> float:
            calls()
            begin = thread_time_ns()
            calls()
            return (thread_time_ns() - begin) / len(some)

        return measure
