"""TREE → FORM: pydantic checks a document's structure, and its errors become diagnostics with places.

A form is the pydantic model of one JSON object. It is strict: no unknown field, no coercion. JSON Schemas are
generated from the same forms. What is in policies is not checked here (see placed.PolicyText).
"""

from collections.abc import Sequence
from typing import Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.alias_generators import to_pascal
from pydantic_core import ErrorDetails

from policy_engine.bundle.placed import PlacedObject, placed
from policy_engine.errors import Diagnostic
from policy_engine.reading.elements import closest
from policy_engine.span import Source, Span
from policy_engine.syntax.json_faults import printable
from policy_engine.syntax.json_tree import JsonArray, JsonMember, JsonNode, JsonObject

_NOWHERE = Span(Source("<data>", ""), 0, 0)
# What pydantic found wrong → what was wanted. The values are words of JSON, not of Python.
_WANTED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


class Form(BaseModel):
    """An object of a document. `place` is where it stands."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    _place: Span = PrivateAttr(default=_NOWHERE)

    @property
    def place(self) -> Span:
        """Where the object stands."""
        return self._place

    @classmethod
    def fields(cls) -> tuple[str, ...]:
        """The names of the form's fields, as documents spell them."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="wrap")
    @classmethod
    def _keep_place(
        cls, data: object, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        if not isinstance(data, PlacedObject):
            return handler(data)
        faults: list[Diagnostic] = info.context if isinstance(info.context, list) else []
        form = handler(_known_only(cls, data, faults))
        form._place = data.node.span(data.source)  # noqa: SLF001 - its own, being made
        return form


class AwsForm(Form):
    """A form whose fields are spelt as AWS spells them: ``KeySpec`` for `key_spec`."""

    model_config = ConfigDict(alias_generator=to_pascal)


AnyForm = TypeVar("AnyForm", bound=Form)


def _known_only(form: type[Form], data: PlacedObject, faults: list[Diagnostic]) -> dict[str, object]:
    """The members that a form knows; the others are reported here, where the form's own fields are known."""
    fields = form.fields()
    faults += [_unknown(member, fields, data.source) for member in data.node if member.name not in fields]
    return {name: value for name, value in data.items() if name in fields}


def _unknown(member: JsonMember, fields: tuple[str, ...], source: Source) -> Diagnostic:
    meant = closest(member.name, fields)
    return Diagnostic(
        "unknown-field",
        f"there is no field `{printable(member.name)}` here",
        member.name_span(source),
        f"did you mean `{meant}`?" if meant else f"the fields are {', '.join(fields)}",
    )


def validate(form: type[AnyForm], node: JsonNode, source: Source) -> tuple[AnyForm | None, list[Diagnostic]]:
    """Check a node against a form.

    Returns:
        The form where the node fits it but for unknown fields, and everything that is wrong.
    """
    faults: list[Diagnostic] = []
    try:
        return form.model_validate(placed(node, source), context=faults), faults
    except ValidationError as error:
        wrong = [_diagnostic(detail, node, source) for detail in error.errors(include_url=False)]
        return None, [*faults, *wrong]


def _diagnostic(detail: ErrorDetails, root: JsonNode, source: Source) -> Diagnostic:
    kind, location = detail["type"], detail["loc"]
    node = _node_at(root, location)
    name = next((str(part) for part in reversed(location) if isinstance(part, str)), "the document")
    if kind == "missing":
        return Diagnostic(
            "missing-field", f"the field `{name}` is missing", node.span(source), f"add `{name}`"
        )
    if kind == "policy_type":
        wanted = detail["msg"]
        return Diagnostic("wrong-type", f"`{name}` is {node.kind}, not {wanted}", node.span(source), None)
    if kind in _WANTED:
        wanted = _WANTED[kind]
        return Diagnostic(
            "wrong-type", f"`{name}` is {node.kind}, not {wanted}", node.span(source), f"write {wanted}"
        )
    if kind == "literal_error":
        expected = str(detail["ctx"]["expected"]).replace("'", "`")
        return Diagnostic(
            "wrong-value", f"`{name}` has a value that it cannot have", node.span(source), f"write {expected}"
        )
    return Diagnostic("wrong-value", f"`{name}`: {detail['msg']}", node.span(source), None)


def _node_at(root: JsonNode, location: Sequence[int | str]) -> JsonNode:
    """The node at a location, as far as there is one: pydantic also names the tags of unions there."""
    node = root
    for step in location:
        if isinstance(node, JsonObject) and isinstance(step, str):
            node = node.get(step) or node
        elif isinstance(node, JsonArray) and isinstance(step, int):
            node = node.items[step]
    return node
