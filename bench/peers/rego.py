"""Rego through celine-regorus, a binding to an engine in Rust: https://github.com/microsoft/regorus."""

from __future__ import annotations

import json
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from bench.peers.peer import Calls, Library
from bench.peers.rego_data import data, request
from policy_engine import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.peers.rules import Rules
    from bench.stream import Question

_POLICY = Path(__file__).with_name("kms.rego")
_RULE = "data.kms.outcome"
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


class _Rego(Library):
    module, distribution = "regorus", "celine-regorus"

    def calls(self, rules: Rules, questions: Sequence[Question]) -> Calls:
        pairs = {(role, key) for role, _, key, _ in questions}
        ask = self.asker(data(rules, sorted(pairs)))
        return Calls(ask, [(request(question),) for question in questions])

    @abstractmethod
    def asker(self, known: str) -> Callable[[str], Outcome]:
        """What answers a request, given the data."""


class RegoInterpreter(_Rego):
    """The interpreter, which is all that the package documents."""

    name = "regorus, interpreter"
    how = "policy and data loaded, data indexed by key, role and action; `set_input_json`, `eval_rule`"

    def asker(self, known: str) -> Callable[[str], Outcome]:
        from regorus import Engine  # noqa: PLC0415 - perhaps not installed

        engine = Engine()
        engine.add_policy(_POLICY.name, _POLICY.read_text(encoding="utf-8"))
        engine.add_data_json(known)

        def ask(given: str) -> Outcome:
            engine.set_input_json(given)
            return _OUTCOMES[engine.eval_rule(_RULE)]

        return ask


class RegoMachine(_Rego):
    """The virtual machine, which the binding's types declare and its package does not export."""

    name = "regorus, virtual machine"
    how = "the same, compiled to a program; `set_input_json`, `execute`"

    def asker(self, known: str) -> Callable[[str], Outcome]:
        from regorus.regorus import Program, Rvm  # noqa: PLC0415 - perhaps not installed

        modules = [(_POLICY.name, _POLICY.read_text(encoding="utf-8"))]
        machine = Rvm()
        machine.load_program(Program.compile_from_modules(known, modules, [_RULE]))
        machine.set_data_json(known)

        def ask(given: str) -> Outcome:
            machine.set_input_json(given)
            return _OUTCOMES[json.loads(machine.execute())]

        return ask
