"""Several processes on one home, and what is wrong with what they did."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database
from tests.kms_core.concurrency.history import DONE, Event, wrong_answers
from tests.kms_core.concurrency.mix import FIRST, PIN, PROCESSES, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.kms_core.forking import Forked

_AT_LEAST = 120
"""Seconds that a process has beyond those that it is to work."""
_MAKE = "from tests.kms_core.concurrency.mix import make; make()"
_WORK = "from tests.kms_core.concurrency.mix import work; work()"
_VERIFY = """
import json, sys
from pathlib import Path
from kms_core.audit_check import verify_home
from kms_core.home import Home
from kms_core.model.sources import Sources
print(json.dumps(verify_home(Home(Path(sys.argv[1])), sys.argv[2], Sources()).faults))
"""
Record = dict[str, object]


@dataclass
class Together:
    """Processes on a home.

    Args:
        folder: where the home is made, and the histories are written.
        module: the PKCS#11 module.
        fork: starts processes.
    """

    folder: Path
    module: Path
    fork: Callable[..., Forked]
    _made: frozenset[object] = frozenset()

    @property
    def home(self) -> Path:
        """The home."""
        return self.folder / "home"

    def run(self, seconds: float, seed: int, meanwhile: Callable[[], None] = lambda: None) -> list[Event]:
        """Let the processes work; what each of their calls came to."""
        keys = self._ended(self._start(_MAKE, self.home))
        self._made = frozenset(record["call_id"] for record in self.records())
        files = [self.folder / f"history-{number}.json" for number in range(PROCESSES)]
        started = [
            self._start(_WORK, self.home, keys, number, seed, seconds, file, seconds=int(seconds) + _AT_LEAST)
            for number, file in enumerate(files)
        ]
        meanwhile()
        for process in started:
            self._ended(process)
        return [
            Event(**{**each, "depends": tuple(each["depends"])})
            for file in files
            for each in json.loads(file.read_text())
        ]

    def faults(self, events: list[Event]) -> list[str]:
        """What is wrong, in words: answers, and records of the audit log."""
        records = [record for record in self.records() if record["call_id"] not in self._made]
        wrong = wrong_answers(events, FIRST, rule)
        return [
            *(f"{each.event} instead of {sorted(each.possible)}" for each in wrong),
            *json.loads(self._ended(self._start(_VERIFY, self.home, PIN))),
            *_badly_recorded(events, records),
            *_at_variance(records),
        ]

    def records(self) -> list[Record]:
        """The audit log as it is now."""
        with Database.open(self.home / "kmsgate.db") as database, database.read() as connection:
            return [json.loads(row.record) for row in all_rows(connection)]

    def count(self) -> int:
        """How many records the audit log has by now."""
        with Database.open(self.home / "kmsgate.db") as database, database.read() as connection:
            return connection.exec_driver_sql("SELECT count(*) FROM audit").scalar_one()

    def _start(self, code: str, *arguments: object, seconds: int = _AT_LEAST) -> Forked:
        environment = {"KMSGATE_PKCS11_MODULE": str(self.module)}
        return self.fork(code, *arguments, environment=environment, seconds=seconds)

    def _ended(self, process: Forked) -> str:
        output, errors = process.communicate()
        assert (process.returncode, errors) == (0, ""), errors
        return output


def _badly_recorded(events: Iterable[Event], records: list[Record]) -> list[str]:
    """The calls that have no record, or several, or one that says something else."""
    found = defaultdict(list)
    for record in records:
        found[record["call_id"]].append(record)
    faults = []
    for event in events:
        said = [(each["action"], each["principal"], each["error_code"]) for each in found[event.id]]
        wanted = (f"kms:{event.what}", event.by, None if event.answer == DONE else event.answer)
        if said != [wanted]:
            faults.append(f"{event} is recorded as {said}")
    known = {event.id for event in events}
    return faults + [
        f"a record of no call: {record}"
        for record in records
        if record["kind"] != "service" and record["call_id"] not in known
    ]


def _at_variance(records: list[Record]) -> list[str]:
    """What was decided under one state of a key's access, for one caller and action, in two ways."""
    outcomes = defaultdict(Counter)
    for record in records:
        for decision in record["decisions"]:
            asked = (
                decision["resource"],
                decision["access_version"],
                record["principal"],
                decision["action"],
            )
            outcomes[asked][decision["outcome"]] += 1
    return [f"{asked} was decided {dict(counts)}" for asked, counts in outcomes.items() if len(counts) > 1]
