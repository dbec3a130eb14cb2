"""The JSON Schemas of what is read here, generated from the forms that read it.

A table of functions, since generating one takes longer than most commands; the schemas of what the commands
print stand with the commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy_engine.bundle.native_form import NativeForm
from policy_engine.bundle.request_form import RequestForm
from policy_engine.bundle.scenario_form import ScenarioForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.bundle.validation import Form

JsonSchema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(form: type[Form]) -> JsonSchema:
    """The JSON Schema of a form."""
    return {"$schema": _DIALECT, **form.model_json_schema()}


SCHEMAS: dict[str, Callable[[], JsonSchema]] = {
    "bundle": lambda: schema_of(NativeForm),
    "scenario": lambda: schema_of(ScenarioForm),
    "request": lambda: schema_of(RequestForm),
}
"""By the name that `explain-access schema` takes."""
