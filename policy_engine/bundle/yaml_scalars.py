"""YAML scalars → nodes, by the core schema of YAML 1.2, and where the characters of a scalar stand.

https://yaml.org/spec/1.2.2/#103-core-schema. A plain scalar is null, a boolean, a number or a string. Numbers
in a form that JSON has not (`0o14`, `012`, `.5`, `.nan`) are refused: readers differ on what they are, and an
account id such as 012345678901 would lose its zero.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from policy_engine.errors import Diagnostic, PolicySyntaxError
from policy_engine.span import Span
from policy_engine.syntax.json_faults import NUMBER_OUT_OF_RANGE, NUMBER_TOO_LONG, printable
from policy_engine.syntax.json_limits import MAX_NUMBER_LENGTH
from policy_engine.syntax.json_tree import JsonBoolean, JsonNode, JsonNull, JsonNumber, JsonString

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.span import Source

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    text: text in {"true", "True", "TRUE"} for text in ("true", "True", "TRUE", "false", "False", "FALSE")
}
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", re.ASCII)
_CORE_NUMBER = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    re.ASCII,
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
# One character of a scalar as it stands in the text, by the scalar's style.
_DOUBLE = re.compile(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r\n|.)|[^\\]",
    re.DOTALL,
)
_SINGLE = re.compile(r"''|.", re.DOTALL)
_OTHER = re.compile(r".", re.DOTALL)
_LONGEST_ESCAPE = len("\\U0001f600")
_BLANK_ESCAPES = frozenset("\n\r nrtvfNLP_\t")


class YamlString(JsonString):
    """A string of a YAML text; `style` is how it is written: plain is None."""

    __slots__ = ("style",)

    def __init__(self, start: int, end: int, value: str, style: str | None) -> None:
        super().__init__(start, end, value)
        self.style = style

    def offsets(self, source: Source) -> list[int]:
        """The offset in its source of each character of `value`, and of where they end.

        Folding and indentation change white space only, so all other characters stand in the text in their
        order; a white-space character is where the character before it ends.
        """
        written = _written(self, source)
        found, after = [], self._body(source)[0]
        for character in self.value:
            if character.isspace():
                found.append(after)
            else:
                start, after = next(written)
                found.append(start)
        return [*found, after]

    def _body(self, source: Source) -> tuple[int, int]:
        """Where the content begins and ends, without quotation marks or a block's header."""
        if self.style in {"'", '"'}:
            return self.start + 1, self.end - 1
        if self.style in {"|", ">"}:
            line_end = source.text.find("\n", self.start, self.end)
            return (line_end + 1 if line_end >= 0 else self.end), self.end
        return self.start, self.end


def _written(node: YamlString, source: Source) -> Iterator[tuple[int, int]]:
    """Start and end of each character in the text that is no white space."""
    pattern = {'"': _DOUBLE, "'": _SINGLE}.get(node.style or "", _OTHER)
    for match in pattern.finditer(source.text, *node._body(source)):  # noqa: SLF001 - the class's other half
        if not _is_blank(match[0]):
            yield match.span()


def _is_blank(written: str) -> bool:
    if not written.startswith("\\") or len(written) == 1:
        return written.isspace()
    if written[1] in "xuU":
        return len(written) <= _LONGEST_ESCAPE and chr(int(f"0x{written[2:]}", 0)).isspace()
    return written[1] in _BLANK_ESCAPES


def scalar_node(source: Source, start: int, end: int, value: str, style: str | None) -> JsonNode:
    """The node of a scalar.

    Raises:
        PolicySyntaxError: a number that JSON has not, or half of a surrogate pair.
    """
    if style is not None:
        return string_node(source, start, end, value, style)
    if value in _NULLS:
        return JsonNull(start, end)
    if value in _BOOLEANS:
        return JsonBoolean(start, end, value=_BOOLEANS[value])
    if not _CORE_NUMBER.fullmatch(value):
        return string_node(source, start, end, value, style)
    return _number(source, start, end, value)


def string_node(source: Source, start: int, end: int, value: str, style: str | None) -> YamlString:
    """The node of a string, whatever else its text could be. Pairs of escapes are one character, as in JSON.

    Raises:
        PolicySyntaxError: it holds half of a surrogate pair.
    """
    value = _PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), value)
    if _SURROGATE.search(value):
        message = "an escape stands for half of a surrogate pair"
        remedy = "write the character itself, or \\U with eight hexadecimal digits"
        raise PolicySyntaxError(Diagnostic("lone-surrogate", message, Span(source, start, end), remedy))
    return YamlString(start, end, value, style)


def _number(source: Source, start: int, end: int, value: str) -> JsonNumber:
    span = Span(source, start, end)
    if not _JSON_NUMBER.fullmatch(value):
        message = f"`{printable(value)}` is a number in YAML that other readers take for another"
        raise PolicySyntaxError(Diagnostic("ambiguous-scalar", message, span, "put it in quotes"))
    if len(value) > MAX_NUMBER_LENGTH:
        raise PolicySyntaxError(NUMBER_TOO_LONG.at(span))
    if math.isinf(float(value)):
        raise PolicySyntaxError(NUMBER_OUT_OF_RANGE.at(span))
    return JsonNumber(start, end, value)
