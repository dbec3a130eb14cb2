"""FORMULAS → SOURCE: how the function of a decision reads.

It is made of the project's own words and the catalogue's condition keys. Whatever a policy says is the
default of a parameter, so no text of a policy is ever code:

    def decide(c, k0, k1, k2):                                  c is the context
        if c['aws:PrincipalOrgID'] != k0 and ...: return DENIED
        x0 = c.get(k1)                                          a key that is asked about twice is read once
        if x0 == k2 or ...: return ALLOWED
        return NOT_ALLOWED
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from policy_engine.catalog.condition_keys import CONDITION_KEYS
from policy_engine.graph.alternatives import ByValue, by_value
from policy_engine.graph.checks import checks_of
from policy_engine.graph.formula import AllOf, AnyOf, Asked, Held, Path, has_path, tests_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from policy_engine.graph.checks import Check
    from policy_engine.graph.formula import Formula
    from policy_engine.graph.tests import Test

_CATALOGUE = frozenset(key.name for key in CONDITION_KEYS.values())
_INDENT = "    "


class Source:
    """The source of one function and the constants of its parameters.

    Args:
        formulas: all that is to be written.
        optional: the condition keys that a context may lack.
        spelt: whether the context is as its caller spells it; `s` then maps a canonical key to that spelling.
    """

    __slots__ = ("_constants", "_lines", "_locals", "_names", "_optional", "_reads", "_spelt", "_tests")

    def __init__(
        self, formulas: Sequence[Formula], optional: Collection[str] = (), *, spelt: bool = False
    ) -> None:
        self._reads = Counter(check.key for check in _checks(formulas))
        self._optional = optional
        self._spelt = spelt
        self._lines: list[str] = []
        self._locals: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._tests: list[object] = []
        self._constants: list[object] = []

    def text(self) -> str:
        """The whole function."""
        parameters = ", ".join(
            ("c", *("s" * self._spelt), *(f"k{index}" for index in range(len(self._constants))), "h")
        )
        return "\n".join((f"def decide({parameters}):", *self._lines))

    @property
    def constants(self) -> tuple[object, ...]:
        """The defaults of the function's parameters, but for the context."""
        return (*self._constants, tuple(self._tests))

    def line(self, text: str, depth: int = 1) -> None:
        """Add a line."""
        self._lines.append(_INDENT * depth + text)

    def reads(self, *formulas: Formula) -> None:
        """Read what formulas ask about, where it is asked about more than once, into local variables."""
        for key in dict.fromkeys(check.key for check in _checks(formulas)):
            if key and self._reads[key] > 1 and key not in self._locals:
                name = f"x{len(self._locals)}"
                self.line(f"{name} = {self._read(key)}")
                self._locals[key] = name

    def when(self, formula: Formula, action: str, depth: int = 1) -> None:
        """Do something where a formula holds."""
        condition = self._expression(formula)
        if condition != "False":
            self.line(f"if {condition}: {action}", depth)

    def denies(self, denies: Sequence[Formula]) -> None:
        """Return every deny that holds, where one does."""
        condition = self._expression(AnyOf(tuple(denies)))
        if condition == "False":
            return
        self.line(f"if {condition}:")
        self.line("found = []", 2)
        for formula in denies:
            origins = ", ".join(self._constant(held.origin) for held in _held(formula))
            self.when(formula, f"found += ({origins},)", 2)
        self.line("return DENIED, None, tuple(found)", 2)

    def ways(self, formula: Formula, depth: int = 1) -> None:
        """Return the first path that holds, with the rows that make it hold."""
        match formula:
            case Path(name, part):
                marks: list[str] = []
                condition = self._expression(part, marks)
                origins = f"({''.join(f'{mark}, ' for mark in marks)})"
                if " := None)" in condition:
                    origins = f"tuple(filter(None, {origins}))"
                self.line(f"if {condition}: return ALLOWED, {name!r}, {origins}", depth)
            case AnyOf(parts):
                for part in parts:
                    self.ways(part, depth)
            case AllOf(parts) if has_path(formula):
                guard = self._expression(AllOf(tuple(part for part in parts if not has_path(part))))
                self.line(f"if {guard}:", depth)
                self.ways(AnyOf(tuple(part for part in parts if has_path(part))), depth + 1)
            case _:
                self.when(formula, "return ALLOWED, None, ()", depth)

    def _constant(self, value: object) -> str:
        self._constants.append(value)
        return f"k{len(self._constants) - 1}"

    def _expression(self, formula: Formula, marks: list[str] | None = None) -> str:
        """A formula as an expression; with `marks` the rows that make it hold are kept in variables."""
        match formula:
            case Asked(test):
                return _joined("and", [self._check(check) for check in checks_of(test)])
            case Held(origin, part):
                text = self._expression(part)
                if marks is None:
                    return text
                marks.append(f"o{len(marks)}")
                return _joined("and", [text, f"({marks[-1]} := {self._constant(origin)})"])
            case Path(_, part):
                return self._expression(part, marks)
            case AllOf(parts):
                return _joined("and", [self._expression(part, marks) for part in parts])
            case AnyOf(parts):  # pragma: no branch - a formula is nothing else
                return self._any_of(parts, marks)

    def _any_of(self, parts: Sequence[Formula], marks: list[str] | None) -> str:
        """One part after the other; all keep their rows in the same variables, unused ones cleared."""
        alternatives = list(by_value(parts))
        if marks is None:
            return _joined("or", [self._alternative(one) for one in alternatives])
        begin, written = len(marks), []
        for one in alternatives:
            own = marks[:begin]
            written.append((self._alternative(one, own), len(own)))
        longest = max((length for _, length in written), default=begin)
        marks += [f"o{index}" for index in range(begin, longest)]
        cleared = [[f"not (o{index} := None)" for index in range(length, longest)] for _, length in written]
        texts = [_joined("and", [text, *unused]) for (text, _), unused in zip(written, cleared, strict=True)]
        return _joined("or", texts)

    def _alternative(self, one: Formula | ByValue, marks: list[str] | None = None) -> str:
        return self._look_up(one, marks) if isinstance(one, ByValue) else self._expression(one, marks)

    def _look_up(self, table: ByValue, marks: list[str] | None) -> str:
        value, rows = self._locals[table.key], self._constant(table.rows)
        several = f"type({value}) is tuple and"
        self._tests.append(table.first)
        first = f"h[{len(self._tests) - 1}](c)"
        if marks is None:
            return f"({value} in {rows} or {several} {first} is not None)"
        marks.append(mark := f"o{len(marks)}")
        return f"(({mark} := {rows}.get({value})) is not None or {several} ({mark} := {first}) is not None)"

    def _check(self, check: Check) -> str:
        template = check.form.value
        value, again = self._value(check) if "{v}" in template else ("", "")
        constant = self._constant(check.constant) if "{k}" in template else ""
        test = self._holds(check.test) if "{h}" in template else ""
        return template.format(v=value, again=again, k=constant, h=test)

    def _holds(self, test: Test) -> str:
        """A test that asks for itself; these are few, or rarely reached, and stand in one tuple."""
        self._tests.append(test.holds)
        return f"h[{len(self._tests) - 1}]"

    def _value(self, check: Check) -> tuple[str, str]:
        """The value where it is first looked at, and where it is looked at again."""
        if check.key in self._locals:
            return self._locals[check.key], self._locals[check.key]
        read = self._read(check.key)
        return (f"(x := {read})", "x") if "{again}" in check.form.value else (read, "")

    def _read(self, key: str) -> str:
        if key not in self._names:
            self._names[key] = repr(key) if key in _CATALOGUE else self._constant(key)
        name = self._names[key]
        # a key that is not in the catalogue, such as a pair's, is a policy's own and may always be missing
        optional = key in self._optional or key not in _CATALOGUE
        if self._spelt:
            return f"c.get(s.get({name}))" if optional else f"c[s[{name}]]"
        return f"c.get({name})" if optional else f"c[{name}]"


def _joined(word: str, parts: Sequence[str]) -> str:
    """Parts joined by `and` or `or`, without those that change nothing."""
    ends, changes_nothing = ("False", "True") if word == "and" else ("True", "False")
    if ends in parts:
        return ends
    kept = [part for part in parts if part != changes_nothing]
    return f"({f' {word} '.join(kept)})" if len(kept) > 1 else (*kept, changes_nothing)[0]


def _checks(formulas: Sequence[Formula]) -> Iterator[Check]:
    return (check for test in tests_of(*formulas) for check in checks_of(test))


def _held(formula: Formula) -> Iterator[Held]:
    """The rows of a deny, which has no paths."""
    match formula:
        case Held():
            yield formula
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _held(part)
