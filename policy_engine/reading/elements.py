"""The elements of an object of the policy language: which exist, which exclude each other, did-you-mean."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.reading.reader import Reader
    from policy_engine.syntax.json_tree import JsonMember, JsonNode, JsonObject


@dataclass(frozen=True, slots=True)
class Elements:
    """The names that an object may have; of a pair in `exclusive` it has at most one."""

    what: str
    names: tuple[str, ...]
    exclusive: tuple[tuple[str, str], ...] = ()


def closest(word: str, candidates: tuple[str, ...]) -> str | None:
    """The candidate that `word` most likely meant: the same but for case, or close in spelling."""
    by_case = {ascii_lower(candidate): candidate for candidate in candidates}
    near = difflib.get_close_matches(ascii_lower(word), by_case, n=1, cutoff=0.75)
    return by_case[near[0]] if near else None


def elements_of(reader: Reader, node: JsonObject, elements: Elements) -> dict[str, JsonNode]:
    """The values of an object's elements by name; unknown and exclusive ones are reported."""
    found: dict[str, JsonNode] = {}
    for member in node:
        if member.name in elements.names:
            found.setdefault(member.name, member.value)
        else:
            _report_unknown(reader, member, elements)
    for one, other in elements.exclusive:
        if one in found and other in found:
            reader.error(
                "element-conflict",
                f"the {elements.what} has both {one} and {other}",
                [m.name_span(reader.source) for m in node if m.name in {one, other}][-1],
                "keep one of them",
            )
    return found


def _report_unknown(reader: Reader, member: JsonMember, elements: Elements) -> None:
    meant = closest(member.name, elements.names)
    reader.error(
        "unknown-element",
        f"a {elements.what} has no element `{printable(member.name)}`",
        member.name_span(reader.source),
        f"did you mean `{meant}`?" if meant else f"the elements are {', '.join(elements.names)}",
    )
