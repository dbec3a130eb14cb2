"""Every rule, and how people name rules: by id, by name, or by the letters that ids begin with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.lint import rules
from policy_engine.reading.elements import closest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.lint.rule import Rule

RULES: tuple[Rule, ...] = rules.ALL
"""By id."""
NOT_FINDINGS = frozenset(
    {
        # which files hold something to lint is lint's own business, and said in `skipped`
        "nothing-to-load",
        "unrecognised-file",
        # what cannot be read ends with exit code 3
        "not-a-regular-file",
        "unreadable-file",
    }
)
"""The diagnostics that become no findings, and why."""
_FAMILY = re.compile(r"[A-Za-z][0-9]{0,2}")


class UnknownRuleError(Exception):
    """No rule has this id, name or family; `meant` is the nearest name, if one is near."""

    def __init__(self, code: str, meant: str | None) -> None:
        super().__init__(f"there is no rule `{code}`")
        self.code = code
        self.meant = meant


def find_rule(code: str) -> Rule:
    """The rule of an id or a name, in any case.

    Raises:
        UnknownRuleError: there is none.
    """
    wanted = ascii_lower(code)
    for rule in RULES:
        if wanted in {rule.id.lower(), rule.name}:
            return rule
    names = tuple(name for rule in RULES for name in (rule.id, rule.name))
    raise UnknownRuleError(code, closest(code, names))


def select(chosen: Iterable[str] = (), ignored: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules to run.

    Args:
        chosen: ids, names, or beginnings of ids such as `K` or `S0`; all rules where it is empty.
        ignored: the same, taken away from those.

    Raises:
        UnknownRuleError: one of them names nothing.
    """
    wanted = [rule for code in chosen for rule in _named(code)]
    unwanted = {rule.id for code in ignored for rule in _named(code)}
    kept = {rule.id for rule in wanted or RULES} - unwanted
    return tuple(rule for rule in RULES if rule.id in kept)


def _named(code: str) -> list[Rule]:
    if _FAMILY.fullmatch(code):
        family = [rule for rule in RULES if rule.id.startswith(code.upper())]
        if family:
            return family
    return [find_rule(code)]
