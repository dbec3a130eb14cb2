"""The shape of `kmsgate/lint/1` as pydantic models, for the JSON Schema of what policy-lint prints.

It checks nothing at run time: `lint.outputs.json_report` makes the data. It stands with the commands, since
it shares the request object with `kmsgate/check/1`, and lint and explain do not know each other.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from policy_engine.explain.schema import DIALECT, Place, RequestShape


class _Shape(BaseModel):
    """An object of the document; it has no other fields."""

    model_config = ConfigDict(extra="forbid")


class Stretch(_Shape):
    """A stretch of a file; `end` is exclusive."""

    file: str
    start: Place
    end: Place


class Related(Stretch):
    """Another place that matters, and why."""

    message: str


class PolicyShape(_Shape):
    """The policy that a finding is about."""

    type: str = Field(description="key, identity, boundary, session, scp, rcp or endpoint")
    name: str | None


class Edit(_Shape):
    """Text to put in the place of a stretch."""

    start: Place
    end: Place
    text: str


class FixShape(_Shape):
    """How to mend a finding without a person's thought, where that can be done."""

    safety: Literal["safe", "unsafe"]
    description: str
    edits: list[Edit]


class FindingShape(Stretch):
    """A finding."""

    rule: str
    name: str
    severity: Literal["error", "security", "warning", "note"]
    message: str
    help: str | None
    pointer: str = Field(description="JSON pointer from the policy's root, or the file's")
    policy: PolicyShape | None
    sid: str | None
    related: list[Related]
    fix: FixShape | None
    witness: RequestShape | None = Field(description="a request that proves the finding")
    fingerprint: str
    suppressed: str | None
    baseline: str


class SkippedShape(_Shape):
    """A file that holds nothing to lint."""

    file: str
    reason: str


class SummaryShape(_Shape):
    """How many there are of everything."""

    error: int = Field(ge=0)
    security: int = Field(ge=0)
    warning: int = Field(ge=0)
    note: int = Field(ge=0)
    fixable: int = Field(ge=0)
    suppressed: int = Field(ge=0)
    files: int = Field(ge=0)
    policies: int = Field(ge=0)


class LintDocument(_Shape):
    """What `policy-lint check --output-format json` prints."""

    schema_: Literal["kmsgate/lint/1"] = Field(alias="schema")
    findings: list[FindingShape]
    skipped: list[SkippedShape]
    summary: SummaryShape


def _schema() -> dict[str, Any]:
    return {"$schema": DIALECT, **LintDocument.model_json_schema()}


SCHEMAS = {"lint": _schema}
"""The JSON Schema of policy-lint's output, by the name that `explain-access schema` takes."""
