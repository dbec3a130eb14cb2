"""What the processes do: all kinds of calls on three keys, whose policy, grants and state change all the while.

Each fact is changed by one thread only, and those of one key by threads of three processes, so that the last value
is known. Everything else is done by everybody.
"""

from __future__ import annotations

import faulthandler
import itertools
import json
import random
import sys
import threading
import time
import uuid
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kms_core.errors import AccessDeniedError, DisabledError, KmsError
from kms_core.home import create_home
from kms_core.model.sources import Sources
from kms_core.opening import open_kms
from tests.kms_core.concurrency.history import DONE, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kms_core.service import Kms
    from tests.kms_core.concurrency.history import Value

PROCESSES = 3
THREADS = 16
PIN = "pin-of-a-throw-away-token"
ROOT = "arn:aws:iam::111122223333:root"
APP = "arn:aws:iam::111122223333:role/app"
KEEPER = "arn:aws:iam::111122223333:role/keeper"
NOBODY = "arn:aws:iam::111122223333:role/nobody"
SIGNING = 2
"""The key that signs; the others encrypt."""

_TOO_LONG = 60
"""Seconds after which a process that should have ended says where its threads are, and ends."""
_DATA_KEY = "GenerateDataKey"
_ENCRYPTING = ("Encrypt", "Decrypt", _DATA_KEY, "ReEncryptFrom", "ReEncryptTo")


def _policy(*more: dict[str, object]) -> str:
    rule = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [rule, *more]})


POLICIES = {
    "silent": _policy(),
    "allow": _policy({"Effect": "Allow", "Principal": {"AWS": APP}, "Action": "kms:*", "Resource": "*"}),
    "deny": _policy({"Effect": "Deny", "Principal": {"AWS": APP}, "Action": "kms:*", "Resource": "*"}),
}
FIRST: dict[str, Value] = {
    f"{key} {fact}": value
    for key in range(PROCESSES)
    for fact, value in (("policy", "silent"), ("grant", False), ("state", "Enabled"))
}


def rule(event: Event, values: Mapping[str, Value]) -> str:
    """What a call is answered: its keys in order, and of each first whether the caller may, then its state."""
    for key in dict.fromkeys(fact.partition(" ")[0] for fact in event.depends):
        policy, grant = values.get(f"{key} policy"), values.get(f"{key} grant", False)
        if event.by == APP and not (policy == "allow" or (policy == "silent" and grant)):
            return AccessDeniedError.code
        if values.get(f"{key} state") == "Disabled":
            return DisabledError.code
    return DONE


@dataclass(frozen=True)
class Keys:
    """The keys, and of each that encrypts a ciphertext."""

    arns: list[str]
    sealed: list[str]


def make() -> None:
    """Make the home and its keys; print them. Argument: the home."""
    home = Path(sys.argv[1])
    create_home(home, PIN, Sources())
    signing = {"key_spec": "ECC_NIST_P256", "key_usage": "SIGN_VERIFY"}
    with open_kms(home, PIN) as kms:
        arns = [
            kms.create_key(ROOT, policy=POLICIES["silent"], **(signing if number == SIGNING else {})).arn
            for number in range(PROCESSES)
        ]
        sealed = [
            b64encode(kms.encrypt(ROOT, arn, b"sealed").ciphertext_blob).decode() for arn in arns[:SIGNING]
        ]
    print(json.dumps(asdict(Keys(arns, sealed))))  # noqa: T201 - the line to who asked


def work() -> None:
    """Call for a while and write the history. Arguments: the home, keys, number, seed, seconds, the file to write."""
    home, keys, number, seed, seconds, file = sys.argv[1:]
    faulthandler.dump_traceback_later(float(seconds) + _TOO_LONG, exit=True)
    ids = _Ids()
    with open_kms(Path(home), PIN, sources=Sources(new_id=ids.new)) as kms:
        worker = _Worker(kms, Keys(**json.loads(keys)), ids, int(number), time.monotonic() + float(seconds))
        roles = [worker.policies, worker.grants, worker.states, worker.passing_on, worker.looking]
        roles += [worker.use] * (THREADS - len(roles))
        threads = [
            threading.Thread(
                target=worker.all_the_time, args=(role, random.Random(f"{seed} {number} {turn}"))
            )
            for turn, role in enumerate(roles)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    Path(file).write_text(json.dumps([asdict(event) for event in worker.history]))


class _Ids:
    """New ids; the first one that is made for a call is the call's own."""

    def __init__(self) -> None:
        self.of_call = threading.local()

    def new(self) -> str:
        made = str(uuid.uuid4())
        if getattr(self.of_call, "id", None) == "":
            self.of_call.id = made
        return made


class _Worker:
    """What the threads of one process do, again and again; each has a generator of its own."""

    def __init__(self, kms: Kms, keys: Keys, ids: _Ids, number: int, end: float) -> None:
        self._kms = kms
        self._arns = keys.arns
        self._sealed = [b64decode(each) for each in keys.sealed]
        self._ids = ids
        self._number = number
        self._end = end
        self._granted = ""
        self._passed_on: list[tuple[int, str]] = []
        self.history: list[Event] = []

    def all_the_time(self, role: Callable[[random.Random], None], chance: random.Random) -> None:
        while time.monotonic() < self._end:
            role(chance)
            time.sleep(chance.uniform(0, 0.06))

    def _call(
        self,
        what: str,
        by: str,
        call: Callable[[], object],
        *depends: str,
        fact: str = "",
        value: Value = "",
    ) -> object:
        """Make a call, and write down how it went."""
        self._ids.of_call.id = ""
        result, answer = None, DONE
        began = time.monotonic()
        try:
            result = call()
        except KmsError as error:
            answer = error.code
        except Exception as error:  # noqa: BLE001 - the checker knows no such answer
            answer = repr(error)
        ended = time.monotonic()
        event = Event(what, began, ended, answer, depends, fact, value, by, self._ids.of_call.id)
        self.history.append(event)
        return result

    # -- what changes the facts ------------------------------------------------------------------------------

    def policies(self, chance: random.Random) -> None:
        key, policy = self._number, chance.choice([*POLICIES])
        self._call(
            "PutKeyPolicy",
            ROOT,
            lambda: self._kms.put_key_policy(ROOT, self._arns[key], POLICIES[policy]),
            fact=f"{key} policy",
            value=policy,
        )

    def grants(self, _: random.Random) -> None:
        key = (self._number + 1) % PROCESSES
        arn, fact = self._arns[key], f"{key} grant"
        if self._granted:
            end = lambda: self._kms.revoke_grant(ROOT, arn, self._granted)  # noqa: E731 - one of two ends
            self._call("RevokeGrant", ROOT, end, fact=fact, value=False)
            self._granted = ""
            return
        operations = ["Sign"] if key == SIGNING else _ENCRYPTING
        made = self._call(
            "CreateGrant",
            ROOT,
            lambda: self._kms.create_grant(ROOT, arn, APP, operations),
            f"{key} state",
            fact=fact,
            value=True,
        )
        if made:
            self._granted = made.grant_id

    def states(self, chance: random.Random) -> None:
        key = (self._number + 2) % PROCESSES
        arn, fact = self._arns[key], f"{key} state"
        self._call("DisableKey", ROOT, lambda: self._kms.disable_key(ROOT, arn), fact=fact, value="Disabled")
        time.sleep(chance.uniform(0, 0.04))
        self._call("EnableKey", ROOT, lambda: self._kms.enable_key(ROOT, arn), fact=fact, value="Enabled")
        time.sleep(chance.uniform(0, 0.08))

    # -- what the facts rule ---------------------------------------------------------------------------------

    def passing_on(self, chance: random.Random) -> None:
        """Grants that are made and ended under the rules that others change; nobody uses them."""
        if self._passed_on and chance.random() < 0.5:
            key, grant = self._passed_on.pop()
            arn = self._arns[key]
            if chance.random() < 0.5:
                self._call(
                    "RetireGrant", KEEPER, lambda: self._kms.retire_grant(KEEPER, key_id=arn, grant_id=grant)
                )
            else:
                revoke = lambda: self._kms.revoke_grant(APP, arn, grant)  # noqa: E731 - one of two ends
                self._call("RevokeGrant", APP, revoke, f"{key} policy")
            return
        key = chance.randrange(PROCESSES)
        make = lambda: self._kms.create_grant(  # noqa: E731 - it is called in a moment
            APP, self._arns[key], NOBODY, ["DescribeKey"], retiring_principal=KEEPER
        )
        made = self._call("CreateGrant", APP, make, f"{key} policy", f"{key} state")
        if made:
            self._passed_on.append((key, made.grant_id))

    def looking(self, chance: random.Random) -> None:
        """What the account may always do."""
        arn = chance.choice(self._arns)
        what, look = chance.choice(
            [
                ("DescribeKey", self._kms.describe_key),
                ("GetKeyPolicy", self._kms.get_key_policy),
                ("ListGrants", self._kms.list_grants),
            ]
        )
        self._call(what, ROOT, lambda: look(ROOT, arn))

    def use(self, chance: random.Random) -> None:
        """Something with a key, or with two."""
        kms, arns = self._kms, self._arns
        key, other = chance.sample(range(SIGNING), 2)
        what, call, keys = chance.choice(
            [
                ("Encrypt", lambda: kms.encrypt(APP, arns[key], b"x"), [key]),
                ("Decrypt", lambda: kms.decrypt(APP, self._sealed[key]), [key]),
                (_DATA_KEY, lambda: kms.generate_data_key(APP, arns[key], key_spec="AES_256"), [key]),
                ("ReEncrypt", lambda: kms.re_encrypt(APP, self._sealed[key], arns[other]), [key, other]),
                ("Sign", lambda: kms.sign(APP, arns[SIGNING], b"x", "ECDSA_SHA_256"), [SIGNING]),
            ]
        )
        depends = itertools.product(keys, ("policy", "grant", "state"))
        self._call(what, APP, call, *(f"{each} {fact}" for each, fact in depends))
