"""iam-simulate in node: https://github.com/cloud-copilot/iam-simulate, an engine for IAM in TypeScript.

Its licence is the AGPL and it is no part of this project: `make peers-node` installs it into `.peers`, where
`iam_simulate.cjs` calls it. It takes policies as they are; grants, which it does not have, are statements of
the key policy for their grantee. Time is taken in node, so that the pipe costs it nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.account import ACCOUNT
from bench.peers.peer import Peer
from bench.peers.rules import ENCRYPTION_CONTEXT
from policy_engine import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bench.account import Size
    from bench.peers.rules import Rules
    from bench.stream import Question
    from policy_engine import Grant

ROOT = Path(__file__).parents[2] / ".peers"
_PACKAGE = ROOT / "node_modules" / "@cloud-copilot" / "iam-simulate" / "package.json"
_PROGRAM = Path(__file__).with_name("iam_simulate.cjs")
_OUTCOMES = {
    "Allowed": Outcome.ALLOWED,
    "ExplicitlyDenied": Outcome.EXPLICIT_DENY,
    "ImplicitlyDenied": Outcome.IMPLICIT_DENY,
}


class _IamSimulate(Peer):
    entry: str

    def missing(self) -> str:
        if shutil.which("node") is None:
            return "not installed: node"
        return "" if _PACKAGE.exists() else "not installed: `make peers-node`"

    def version(self) -> str:
        return json.loads(_PACKAGE.read_text(encoding="utf-8"))["version"]

    @contextmanager
    def prepare(self, rules: Rules, questions: Sequence[Question]) -> Iterator[Conversation]:
        command = ["node", str(_PROGRAM), str(ROOT), self.entry]
        with subprocess.Popen(  # noqa: S603 - a program of this folder
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield Conversation(process, account(rules, questions))
            process.stdin.close()


class IamSimulateCore(_IamSimulate):
    """What its entries call after validation, on policies loaded beforehand: the best case."""

    name = "iam-simulate, `authorize` inside"
    how = "policies of this role and this key loaded, requests made; the function behind its entries"
    entry = "core"


class IamSimulateDocumented(_IamSimulate):
    """The entry that users have."""

    name = "iam-simulate, `runSimulation`"
    how = "the documented entry, which validates policies and context each time"
    entry = "documented"

    def checked(self, size: Size) -> int:
        """The hot requests and as many again: a millisecond each."""
        return min(size.requests, 2_000)


class Conversation:
    """A running program that was told an account and its questions."""

    def __init__(self, process: subprocess.Popen[str], told: object) -> None:
        self._process = process
        self._answers = self._say(told)

    def answers(self) -> list[Outcome]:
        return [_OUTCOMES[answer] for answer in self._answers]

    def timed(self, count: int) -> Callable[[], float]:
        return lambda: self._say({"count": count})

    def _say(self, message: object) -> object:
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("iam-simulate stopped; its reason is above")
        return json.loads(line)


def account(rules: Rules, questions: Iterable[Question]) -> dict[str, object]:
    """What a program is told: policies, pairs of key policy and role, and questions."""
    pairs: dict[tuple[str, str], int] = {}
    asked = [
        {
            "pair": pairs.setdefault((role, key), len(pairs)),
            "principal": role,
            "action": action,
            "resource": key,
            "context": {name: value for name, value in given.items() if isinstance(value, str)},
        }
        for role, action, key, given in questions
    ]
    roles = {role: [json.loads(text) for text in rules.role_texts(role)] for role, _ in pairs}
    return {
        "id": ACCOUNT,
        "roles": roles,
        "keys": {f"{role} {key}": _key_policy(rules, role, key) for role, key in pairs},
        "pairs": [{"role": role, "key": f"{role} {key}"} for role, key in pairs],
        "questions": asked,
    }


def _key_policy(rules: Rules, role: str, key: str) -> dict[str, object]:
    document = json.loads(rules.key_text(key))
    granted = [_statement(grant) for grant in rules.grants(key) if grant.grantee_principal == role]
    return {**document, "Statement": [*document["Statement"], *granted]}


def _statement(grant: Grant) -> dict[str, object]:
    pairs = grant.constraints.encryption_context_subset or {}
    return {
        "Effect": "Allow",
        "Principal": {"AWS": grant.grantee_principal},
        "Action": [f"kms:{operation}" for operation in grant.operations],
        "Resource": "*",
        "Condition": {"StringEquals": {ENCRYPTION_CONTEXT + name: value for name, value in pairs.items()}},
    }
