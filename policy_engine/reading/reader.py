"""What the readers of a policy's parts share: the source, the kind of policy, and the diagnostics so far."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.errors import Diagnostic, Severity
from policy_engine.model.opaque import Opaque
from policy_engine.syntax.json_tree import (
    JsonArray,
    JsonBoolean,
    JsonNode,
    JsonNumber,
    JsonOpaque,
    JsonString,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy_engine.model.policy import PolicyKind, Version
    from policy_engine.span import Source, Span

_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp"})


class Text(NamedTuple):
    """A text of a policy and where it stands; `opaque` where it is not known yet, and then it is empty."""

    text: str
    span: Span
    opaque: Opaque | None = None


def opaque_of(texts: Iterable[Text]) -> tuple[Opaque, ...]:
    """What of some texts is not known yet."""
    return tuple([text.opaque for text in texts if text.opaque is not None])


@dataclass(slots=True)
class Reader:
    """One policy being read.

    A part that cannot be read reports an error and gives None, so that one run finds as much as possible;
    whether an error stops the caller is the entry point's business.
    """

    source: Source
    kind: PolicyKind
    version: Version
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def error(self, code: str, message: str, span: Span, remedy: str | None = None) -> None:
        """Report what makes the policy unusable."""
        self.diagnostics.append(Diagnostic(code, message, span, remedy))

    def mild(self, code: str, message: str, span: Span, remedy: str | None = None) -> None:
        """Report what AWS gives a meaning or no effect, and a person should know."""
        self.diagnostics.append(Diagnostic(code, message, span, remedy, Severity.WARNING))

    def wrong_type(self, node: JsonNode, what: str, wanted: str) -> None:
        """Report a JSON type that an element does not have."""
        self.error(
            "wrong-type", f"{what} is {node.kind}, not {wanted}", node.span(self.source), f"write {wanted}"
        )

    def string(self, node: JsonNode, what: str) -> str | None:
        """The text of a string node."""
        if isinstance(node, JsonString):
            return node.value
        self.wrong_type(node, what, "a string")
        return None

    def strings(self, node: JsonNode, what: str) -> list[Text]:
        """The texts of a string or a list of strings, each with its span; what is neither is reported."""
        if isinstance(node, JsonArray) and not node.items:
            self.mild("empty-list", f"{what} is empty: it lists nothing", node.span(self.source))
        return self._texts(node, what, _string_text, "a string or a list of strings")

    def scalars(self, node: JsonNode, what: str) -> list[Text]:
        """As `strings`, but booleans and numbers count as their JSON text, as in condition values."""
        return self._texts(node, what, _scalar_text, "a string, number or boolean, or a list of these")

    def _texts(
        self, node: JsonNode, what: str, text_of: Callable[[JsonNode], str | None], wanted: str
    ) -> list[Text]:
        items = node.items if isinstance(node, JsonArray) else (node,)
        found = []
        for item in items:
            text = text_of(item)
            if text is not None:
                found.append(Text(text, item.span(self.source)))
            elif isinstance(item, JsonOpaque):
                found.append(Text("", item.span(self.source), Opaque(item.name)))
            else:
                self.wrong_type(item, what, wanted)
        return found

    def identifier(self, text: str, span: Span, what: str, *, ascii_only: bool = False) -> bool:
        """Whether a name is free of invisible characters and look-alikes; reports it where it is not."""
        if text.isascii() and text.isprintable():
            return True
        bad = next((c for c in text if _is_forbidden(c, ascii_only=ascii_only)), None)
        if bad is None:
            return True
        self.error(
            "forbidden-character",
            f"{what} holds the character U+{ord(bad):04X} {unicodedata.name(bad, '')}".rstrip(),
            span,
            "remove it: it is part of no such name, and it hides what the policy says",
        )
        return False


def _is_forbidden(character: str, *, ascii_only: bool) -> bool:
    return unicodedata.category(character) in _INVISIBLE or (ascii_only and not character.isascii())


def _string_text(node: JsonNode) -> str | None:
    return node.value if isinstance(node, JsonString) else None


def _scalar_text(node: JsonNode) -> str | None:
    if isinstance(node, JsonString):
        return node.value
    if isinstance(node, JsonBoolean):
        return "true" if node.value else "false"
    return node.text if isinstance(node, JsonNumber) else None
