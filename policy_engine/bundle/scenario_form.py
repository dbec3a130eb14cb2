"""The forms of scenario files (kmsgate/scenario/1): what a case says, before anything of it is decided."""

from typing import Literal

from pydantic import Field

from policy_engine.bundle.grant_form import GrantForm
from policy_engine.bundle.key_form import KeyFields
from policy_engine.bundle.placed import PolicyText
from policy_engine.bundle.request_form import RequestForm
from policy_engine.bundle.validation import Form
from policy_engine.model.options import Options

Levels = list[list[PolicyText]]
_DEFAULTS = Options()


class PoliciesForm(Form):
    """The policies of a case; the identity policies, boundary and session policy are the caller's."""

    key: PolicyText | None = None
    identity: list[PolicyText] | None = None
    permissions_boundary: PolicyText | None = None
    session: PolicyText | None = None
    vpc_endpoint: PolicyText | None = None
    scps: Levels | None = Field(default=None, description="levels from the root to the account")
    rcps: Levels | None = Field(default=None, description="levels from the root to the account")
    grants: list[GrantForm] | None = None


class OptionsForm(Form):
    """What differs from the engine's defaults."""

    check_context: bool = _DEFAULTS.check_context
    grant_context_names_ignore_case: bool = _DEFAULTS.grant_context_names_ignore_case
    caps_limit_grants: bool = _DEFAULTS.caps_limit_grants
    bool_takes_variables: bool = _DEFAULTS.bool_takes_variables
    any_value_if_exists_holds_when_absent: bool = _DEFAULTS.any_value_if_exists_holds_when_absent
    aws_wildcard_allows_services: bool = _DEFAULTS.aws_wildcard_allows_services
    listed_role_exempts_sessions: bool = _DEFAULTS.listed_role_exempts_sessions

    def options(self) -> Options:
        """The options."""
        return Options(**self.model_dump())


class ExpectForm(Form):
    """What a case expects; `determining` is compared as a set where it is given."""

    outcome: Literal["allowed", "explicitDeny", "implicitDeny", "undetermined", "invalid"]
    determining: list[str] | None = Field(
        default=None, description="`grant:ID`, or `LAYER[document]:statement` with an index or a Sid"
    )
    expression: str | None = Field(default=None, description="for undetermined, what it depends on")


class CaseForm(Form):
    """One request with the answer that AWS gives."""

    name: str = Field(min_length=1)
    description: str | None = None
    source: str | None = None
    request: RequestForm
    key: KeyFields | None = None
    policies: PoliciesForm | None = None
    options: OptionsForm = Field(default_factory=OptionsForm)
    expect: ExpectForm


class ScenarioForm(Form):
    """A scenario file; `bundle` is a path relative to it, for cases without policies of their own."""

    schema_: Literal["kmsgate/scenario/1"] = Field(alias="schema")
    bundle: str | None = None
    cases: list[CaseForm]
