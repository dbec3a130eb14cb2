"""SPAN → JSON POINTER: which part of a tree a place is (https://www.rfc-editor.org/rfc/rfc6901)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.syntax.json_tree import JsonArray, JsonNode, JsonObject, JsonString

if TYPE_CHECKING:
    from collections.abc import Iterator

_Step = tuple[str, JsonNode | None]


def steps_to(root: JsonNode, start: int, end: int) -> Iterator[_Step]:
    """The steps from a node to the innermost part that holds a stretch of its text.

    Each is a name or index with the node that it leads to; None where the stretch is a name, or a name with
    its value, and so no node of its own.
    """
    node: JsonNode | None = root
    while node is not None:
        step = _step(node, start, end)
        if step is None:
            return
        yield step
        node = step[1]


def _step(node: JsonNode, start: int, end: int) -> _Step | None:
    if isinstance(node, JsonObject):
        for member in node:
            if member.value.start <= start and end <= member.value.end:
                return member.name, member.value
            if member.start <= start and end <= max(member.end, member.value.end):
                return member.name, None
    if isinstance(node, JsonArray):
        for index, item in enumerate(node.items):
            if item.start <= start and end <= item.end:
                return str(index), item
    return None


def pointer_of(root: JsonNode, start: int, end: int) -> str:
    """The JSON pointer, from `root`, of the innermost part that holds a stretch of its text."""
    return "".join(f"/{_escape(name)}" for name, _ in steps_to(root, start, end))


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def statement_at(root: JsonNode, start: int, end: int) -> JsonObject | None:
    """The statement of a policy that holds a stretch of its text."""
    steps = list(steps_to(root, start, end))
    if not steps or steps[0][0] != "Statement":
        return None
    nodes = [node for _, node in steps[:2]]
    found = nodes[-1] if isinstance(nodes[0], JsonArray) else nodes[0]
    return found if isinstance(found, JsonObject) else None


def sid_of(statement: JsonObject | None) -> str | None:
    """The Sid of a statement's node."""
    node = statement.get("Sid") if statement is not None else None
    return node.value if isinstance(node, JsonString) else None
