"""YAML EVENTS → TREE, with a stack of its own, so that no text can make Python recurse.

An aliased value stands where its anchor is, so that the position of a statement is the place of its text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from policy_engine.bundle.documents import MAX_FILE_DEPTH
from policy_engine.bundle.yaml_scalars import scalar_node, string_node
from policy_engine.errors import Diagnostic, PolicySyntaxError, Severity
from policy_engine.span import Source, Span
from policy_engine.syntax.json_faults import printable
from policy_engine.syntax.json_tree import JsonArray, JsonMember, JsonNode, JsonObject

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ALIASES = 100
MAX_ALIASED_NODES = 100_000
_PROPERTIES = re.compile(r"(?:&[^\s,\[\]{}]+|[ \t\r\n]+|#[^\n]*)*")


@dataclass(frozen=True, slots=True)
class _Built:
    """A node that is complete, with how many nodes it is when aliases are expanded, and how deep."""

    node: JsonNode
    size: int = 1
    depth: int = 0


@dataclass(slots=True)
class _Open:
    """A collection that is being read."""

    start: int
    flow: bool
    is_object: bool
    anchor: str | None
    key: tuple[int, int, str] | None = None
    members: list[JsonMember] = field(default_factory=list)
    items: list[JsonNode] = field(default_factory=list)
    size: int = 1
    depth: int = 0


class TreeBuilder:
    """Takes the events of a text, and has its tree in `root`; duplicate keys are among `duplicates`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: JsonNode | None = None
        self.duplicates: list[Diagnostic] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Built | None] = {}
        self._aliases = 0
        self._aliased_nodes = 0
        self._takers: dict[str, Callable[[Any], None]] = {
            "DocumentStartEvent": self._document,
            "MappingStartEvent": self._open,
            "SequenceStartEvent": self._open,
            "MappingEndEvent": self._close,
            "SequenceEndEvent": self._close,
            "ScalarEvent": self._scalar,
            "AliasEvent": self._alias,
        }

    def take(self, event: Any) -> None:  # noqa: ANN401 - the library's events have no types
        """Take the next event."""
        taker = self._takers.get(type(event).__name__)
        if taker is not None:
            taker(event)

    def _refuse(self, event: Any, code: str, message: str, remedy: str) -> NoReturn:  # noqa: ANN401 - as above
        start, end = event.start_mark.index, event.end_mark.index
        raise PolicySyntaxError(Diagnostic(code, message, Span(self.source, start, end), remedy))

    def _document(self, event: Any) -> None:  # noqa: ANN401 - as above
        if self.root is not None:
            self._refuse(event, "yaml-documents", "the file has a second document", "keep one in the file")
        if event.version not in {None, (1, 2)}:
            self._refuse(event, "yaml-version", "only YAML 1.2 is read", "remove the %YAML directive")

    def _open(self, event: Any) -> None:  # noqa: ANN401 - as above
        self._check_tag(event)
        if len(self._stack) >= MAX_FILE_DEPTH:
            self._too_deep(event)
        if self._wants_key():
            self._refuse(event, "yaml-key", "a key must be a scalar", "write a string as the key")
        is_object = type(event).__name__ == "MappingStartEvent"
        start = self._start(event)
        self._stack.append(_Open(start, bool(event.flow_style), is_object, event.anchor))
        if event.anchor is not None:
            # an alias to a collection that is still open would hold itself
            self._anchors[event.anchor] = None

    def _close(self, event: Any) -> None:  # noqa: ANN401 - as above
        done = self._stack.pop()
        if done.flow:
            start, end = done.start, event.end_mark.index
        elif done.is_object:
            start, end = done.members[0].start, _last_end(done)
        else:
            start, end = done.start, _last_end(done)
        node: JsonNode
        if done.is_object:
            self._note_duplicates(done.members)
            node = JsonObject(start, end, tuple(done.members))
        else:
            node = JsonArray(start, end, tuple(done.items))
        self._put(_Built(node, done.size, done.depth + 1), done.anchor)

    def _scalar(self, event: Any) -> None:  # noqa: ANN401 - as above
        self._check_tag(event)
        start, end = self._scalar_place(event)
        style = event.style or None
        if not self._wants_key():
            self._put(_Built(scalar_node(self.source, start, end, event.value, style)), event.anchor)
            return
        if style is None and event.value == "<<":
            self._refuse(event, "yaml-merge-key", "merge keys are not read", "write the members out")
        if style is None and not event.value:
            self._refuse(event, "yaml-key", "the key is empty", "write a string as the key")
        name = string_node(self.source, start, end, event.value, style)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Built(name)
        self._stack[-1].key = (start, end, name.value)

    def _alias(self, event: Any) -> None:  # noqa: ANN401 - as above
        self._aliases += 1
        target = self._anchors.get(event.anchor)
        if self._wants_key():
            self._refuse(event, "yaml-key", "a key cannot be an alias", "write the key out")
        if target is None:
            known = event.anchor in self._anchors
            why = (
                "the alias stands for something that holds it" if known else "there is no such anchor before"
            )
            self._refuse(event, "yaml-alias", why, "write the value out")
        self._aliased_nodes += target.size
        if self._aliases > MAX_ALIASES or self._aliased_nodes > MAX_ALIASED_NODES:
            message = f"there are more than {MAX_ALIASES} aliases, or they stand for too much"
            self._refuse(event, "yaml-alias", message, "write the values out")
        if len(self._stack) + target.depth > MAX_FILE_DEPTH:
            self._too_deep(event)
        self._put(target, None)

    def _put(self, built: _Built, anchor: str | None) -> None:
        """Put a complete node where it belongs."""
        if anchor is not None:
            self._anchors[anchor] = built
        if not self._stack:
            self.root = built.node
            return
        parent = self._stack[-1]
        parent.size += built.size
        parent.depth = max(parent.depth, built.depth)
        if parent.key is None:
            parent.items.append(built.node)
        else:
            parent.members.append(JsonMember(*parent.key, built.node))
            parent.key = None

    def _wants_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].is_object and self._stack[-1].key is None

    def _check_tag(self, event: Any) -> None:  # noqa: ANN401 - as above
        if event.tag is not None:
            message = f"the tag `{printable(str(event.tag))}` is not read"
            self._refuse(event, "yaml-tag", message, "write plain strings, numbers, lists and mappings")

    def _too_deep(self, event: Any) -> NoReturn:  # noqa: ANN401 - as above
        message = f"the text nests deeper than {MAX_FILE_DEPTH} levels"
        self._refuse(event, "too-deep", message, "a policy needs no more than six levels")

    def _start(self, event: Any) -> int:  # noqa: ANN401 - as above
        """Where a value begins after its anchor."""
        start: int = event.start_mark.index
        if event.anchor is None:
            return start
        match = _PROPERTIES.match(self.source.text, start)
        return match.end() if match else start

    def _scalar_place(self, event: Any) -> tuple[int, int]:  # noqa: ANN401 - as above
        """A scalar's place, without the white space that an empty or a block scalar takes along."""
        text = self.source.text
        start, end = self._start(event), event.end_mark.index
        start = min(start, end)
        while end > start and text[end - 1] in " \t\r\n":
            end -= 1
        while start == end > 0 and text[end - 1] in " \t\r\n":
            start = end = end - 1
        return start, end

    def _note_duplicates(self, members: list[JsonMember]) -> None:
        first: dict[str, JsonMember] = {}
        for member in members:
            earlier = first.setdefault(member.name, member)
            if earlier is not member:
                self.duplicates.append(
                    Diagnostic(
                        "duplicate-key",
                        f"the key `{printable(member.name)}` stands twice in one mapping",
                        member.name_span(self.source),
                        "keep one of them: most YAML readers silently keep the last",
                        Severity.ERROR,
                        ((earlier.name_span(self.source), "first seen here"),),
                    )
                )


def _last_end(done: _Open) -> int:
    """Where a block collection ends: after its last value, or the last key of one without a value.

    An aliased value stands elsewhere, and then its key's place counts.
    """
    if done.is_object:
        last = done.members[-1]
        return max(last.value.end, last.end)
    ends = [item.end for item in done.items if item.end > done.start]
    return ends[-1] if ends else done.start
