"""Patterns of a policy: literal text, wildcards, policy variables, as grammars/pattern.lark says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from lark.exceptions import UnexpectedInput

from policy_engine.syntax.grammar import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Lark, Token, Tree


class Wildcard(Enum):
    """`*`, any run of characters, and `?`, exactly one character."""

    MANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class PolicyVariable:
    """`${key}` or `${key, 'default'}`; the key as it is spelt."""

    key: str
    default: str | None = None

    def __str__(self) -> str:
        return f"${{{self.key}}}" if self.default is None else f"${{{self.key}, '{self.default}'}}"


PatternPart = str | Wildcard | PolicyVariable


@dataclass(frozen=True, slots=True)
class Pattern:
    """The parts of a pattern in order, with `text` as the policy spells it."""

    text: str
    parts: tuple[PatternPart, ...]

    def __str__(self) -> str:
        return self.text

    @property
    def variables(self) -> tuple[PolicyVariable, ...]:
        """The policy variables that it holds."""
        return tuple(part for part in self.parts if isinstance(part, PolicyVariable))

    @property
    def literal(self) -> str | None:
        """The one text that it matches, or None where it has a wildcard or a variable."""
        return literal_of(self.parts)


def literal_of(parts: tuple[PatternPart, ...]) -> str | None:
    """The one text that parts of a pattern match, or None where there is a wildcard or a variable."""
    match parts:
        case ():
            return ""
        case (str() as only,):
            return only
        case _:
            return None


_parser: Lark = load("pattern", start=["start", "plain"])
_VARIABLE = re.compile(r"\$\{(?P<key>[^,}]+)(?:, '(?P<default>[^']*)')?\}")
_CACHE_SIZE = 65_536


class BadVariable(ValueError):  # noqa: N818 - names what it is about; callers turn it into their own error
    """A `${` that begins no policy variable, at `offset` in the text."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"`${{` at offset {offset} begins no policy variable")
        self.offset = offset


@lru_cache(maxsize=_CACHE_SIZE)
def parse_pattern(text: str, *, variables: bool) -> Pattern:
    """Parse a pattern.

    Args:
        text: as the policy spells it.
        variables: whether `${...}` is a policy variable: under Version 2012-10-17, where they are allowed.

    Raises:
        BadVariable: a `${` that begins no variable.
    """
    if "*" not in text and "?" not in text and "${" not in text:
        return Pattern(text, (text,) if text else ())
    try:
        tree = _parser.parse(text, start="start" if variables else "plain")
    except UnexpectedInput as error:
        raise BadVariable(_offset(error)) from None
    return Pattern(text, tuple(_joined(tree)))


def _offset(error: UnexpectedInput) -> int:
    position: int | None = error.pos_in_stream
    return 0 if position is None else position


def _joined(tree: Tree[Token]) -> Iterator[PatternPart]:
    """The parts, with neighbouring literals as one."""
    literal = ""
    for token in tree.children:
        part = _part(token)  # type: ignore[arg-type] # the grammar inlines every rule, only tokens are left
        if isinstance(part, str):
            literal += part
            continue
        if literal:
            yield literal
        literal = ""
        yield part
    if literal:
        yield literal


def _part(token: Token) -> PatternPart:
    match token.type:
        case "STAR":
            return Wildcard.MANY
        case "QUESTION":
            return Wildcard.ONE
        case "ESCAPE":
            return token[2]
        case "VARIABLE":
            match = _VARIABLE.fullmatch(token)
            return PolicyVariable(match["key"], match["default"]) if match else str(token)
        case _:
            return str(token)
