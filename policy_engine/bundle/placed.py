"""TREE → PLAIN DATA that remembers where it stood, so that validation can speak of places.

Models see ordinary dicts, lists and scalars; objects, strings and numbers are subclasses that know their
node. A policy keeps its node and is read by `reading` later, never as plain data: so its spans survive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy_engine.syntax.json_tree import (
    JsonArray,
    JsonBoolean,
    JsonNode,
    JsonNumber,
    JsonObject,
    JsonString,
)

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

    from policy_engine.span import Source, Span


class PlacedObject(dict[str, object]):
    """An object with its node."""

    __slots__ = ("node", "source")

    def __init__(self, members: dict[str, object], node: JsonObject, source: Source) -> None:
        super().__init__(members)
        self.node = node
        self.source = source


class PlacedString(str):
    """A string with its node."""

    __slots__ = ("node", "source")
    node: JsonString
    source: Source


class PlacedInteger(int):
    """A whole number that keeps its JSON text."""

    text: str


class PlacedFloat(float):
    """A number that keeps its JSON text."""

    __slots__ = ("text",)
    text: str


def placed(node: JsonNode, source: Source) -> object:
    """The plain data of a node."""
    if isinstance(node, JsonObject):
        members = {member.name: placed(member.value, source) for member in node}
        return PlacedObject(members, node, source)
    if isinstance(node, JsonArray):
        return [placed(item, source) for item in node.items]
    if isinstance(node, JsonString):
        return _string(node, source)
    if isinstance(node, JsonNumber):
        return _number(node.text)
    return node.value if isinstance(node, JsonBoolean) else None


def _string(node: JsonString, source: Source) -> PlacedString:
    text = PlacedString(node.value)
    text.node = node
    text.source = source
    return text


def _number(text: str) -> PlacedInteger | PlacedFloat:
    whole = text.lstrip("-").isdigit()
    number = PlacedInteger(text) if whole else PlacedFloat(text)
    number.text = text
    return number


@dataclass(frozen=True, slots=True, eq=False)
class PolicyText:
    """A policy that stands in a document, not yet read: an object, or a string that holds its text."""

    node: JsonNode
    source: Source

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.node.span(self.source)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415 - pydantic is there already when this is asked

        return core_schema.no_info_plain_validator_function(cls._of)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": ["object", "string"], "description": "a policy, or a string that holds one"}

    @classmethod
    def _of(cls, value: Any) -> PolicyText:  # noqa: ANN401 - whatever stands in the document
        from pydantic_core import PydanticCustomError  # noqa: PLC0415 - as above

        if isinstance(value, (PlacedObject, PlacedString)):
            return cls(value.node, value.source)
        raise PydanticCustomError("policy_type", "a policy or a string that holds one")
