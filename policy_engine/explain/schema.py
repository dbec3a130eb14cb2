"""The shape of `kmsgate/check/1` as pydantic models, for the JSON Schema that editors and tools read.

It checks nothing at run time: `document` makes the data. Fields are only added, and never change meaning.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Shape(BaseModel):
    """An object of the document; it has no other fields."""

    model_config = ConfigDict(extra="forbid")


class Place(_Shape):
    """A line and a column, from 1, in code points of the outer file."""

    line: int = Field(ge=1)
    column: int = Field(ge=1)


class Placed(_Shape):
    """Something in a file; `end` is exclusive. All three are null where the place is not known."""

    file: str | None
    start: Place | None
    end: Place | None


class Row(Placed):
    """A statement or a grant."""

    kind: Literal["statement", "grant"]
    policy: str
    sid: str | None
    layer: Literal["key", "identity", "boundary", "session", "scp", "rcp", "endpoint", "grant"]
    index: int = Field(ge=0)
    grant_id: str | None
    label: str = Field(description="as scenario files spell it: `key:0`, `grant:ID`")
    effect: Literal["Allow", "Deny"]


class CheckShape(Placed):
    """One thing that a row asks."""

    element: Literal["principal", "action", "resource", "condition", "token"] = Field(
        description="of a grant: its grantee is the principal, its operations the action"
    )
    operator: str | None
    key: str | None
    wanted: list[str]
    got: list[str]
    met: bool
    unsettled: bool = Field(description="the answer depends on what is not known; `met` is then false")
    negated: bool
    note: str | None


class FixShape(Placed):
    """A change after which the request is allowed."""

    side: Literal["request", "policy"]
    change: str
    verified: Literal[True] = Field(description="the engine allowed the request with this change")
    note: str | None


class MissShape(_Shape):
    """An Allow or grant that does not hold, or on an explicit deny a Deny that does."""

    distance: int = Field(ge=1, description="how many checks would have to come out otherwise")
    statement: Row
    checks: list[CheckShape]
    fixes: list[FixShape]
    also_needed: list[str] = Field(description="labels of other rows that would have to hold")


class ConsideredShape(_Shape):
    """How many statements and grants were looked at."""

    allows: int = Field(ge=0)
    denies: int = Field(ge=0)
    grants: int = Field(ge=0)


class PrincipalShape(_Shape):
    """The caller, with what its records add; null means not known."""

    kind: Literal[
        "user", "role", "assumed-role", "federated-user", "root", "service", "saml", "oidc", "anonymous"
    ]
    arn: str
    role_arn: str | None
    id: str | None
    tags: dict[str, str] | None
    groups: list[str]
    service_linked: bool


_Scalar = str | bool | int | float


class ConstraintsShape(_Shape):
    """What binds the use of a grant."""

    encryption_context_equals: dict[str, str] | None = Field(default=None, alias="EncryptionContextEquals")
    encryption_context_subset: dict[str, str] | None = Field(default=None, alias="EncryptionContextSubset")
    source_arn: str | None = Field(default=None, alias="SourceArn")


class GrantShape(_Shape):
    """A grant as ListGrants has it; what is not known is left out."""

    grant_id: str = Field(alias="GrantId")
    name: str | None = Field(default=None, alias="Name")
    creation_date: float | None = Field(default=None, alias="CreationDate")
    grantee_principal: str = Field(alias="GranteePrincipal")
    retiring_principal: str | None = Field(default=None, alias="RetiringPrincipal")
    issuing_account: str | None = Field(default=None, alias="IssuingAccount")
    operations: list[str] = Field(alias="Operations")
    constraints: ConstraintsShape = Field(alias="Constraints")
    pending: bool = Field(alias="Pending")
    grant_token: str | None = Field(default=None, alias="GrantToken")


class RequestShape(_Shape):
    """The request, as `--request` takes it."""

    principal: PrincipalShape
    action: str
    resource: str
    context: dict[str, _Scalar | list[_Scalar]]
    unknown: list[str]
    grant_tokens: list[str]
    grant: GrantShape | None = Field(default=None, description="the grant to be retired or made")


class KeyShape(_Shape):
    """The key's record; null means not known."""

    arn: str
    aliases: list[str] | None
    key_state: str | None
    key_spec: str | None
    key_usage: str | None


class DiagnosticShape(_Shape):
    """What the reader should know besides."""

    code: str
    severity: Literal["error", "security", "warning", "note"]
    message: str
    help: str | None


class CheckDocument(_Shape):
    """What `explain-access check --format json` prints."""

    schema_: Literal["kmsgate/check/1"] = Field(alias="schema")
    outcome: Literal["allowed", "explicitDeny", "implicitDeny", "undetermined"]
    request: RequestShape
    determining: list[Row]
    held: list[Row] = Field(description="on an implicit denial, what allows and does not suffice")
    closest_misses: list[MissShape] = Field(description="the closest first")
    missing_context_keys: list[str]
    considered: ConsideredShape
    path: Literal["named", "direct", "delegated", "identity", "grant"] | None
    reason: str
    relation: str
    known_principal: bool
    key: KeyShape | None
    diagnostics: list[DiagnosticShape]
    id: str
    expression: str | None = Field(description="for undetermined, when the request is allowed")
    not_known: list[str] = Field(description="for undetermined, the keys and parts of policies that decide")
    depends_on: list[Row] = Field(description="for undetermined, what holds or fails by what is not known")
    too_narrow_grants: list[str] = Field(description="ids of grants that allow to make narrower grants only")


def _schema() -> dict[str, Any]:
    return {"$schema": DIALECT, **CheckDocument.model_json_schema()}


SCHEMAS = {"check": _schema}
"""The JSON Schema of what this room writes, by the name that `explain-access schema` takes."""
