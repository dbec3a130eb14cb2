"""The request object of scenario files and `--request`, and the `Request` that it is."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from policy_engine.bundle.grant_form import GrantForm
from policy_engine.bundle.placed import PlacedFloat, PlacedInteger
from policy_engine.bundle.validation import Form
from policy_engine.calls.principals import ANONYMOUS, parse_principal
from policy_engine.errors import RequestError
from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.model.request import Request
from policy_engine.syntax.json_faults import printable

Kind = Literal[
    "user", "role", "assumed-role", "federated-user", "root", "service", "saml", "oidc", "anonymous"
]
_UNSUPPORTED_KINDS = frozenset({"saml", "oidc"})
_SCALAR = {"type": ["string", "boolean", "number"]}


def _context_value(value: object) -> str | bool | tuple[str | bool, ...]:
    if isinstance(value, list):
        return tuple(_scalar(item) for item in value)
    return _scalar(value)


def _scalar(value: object) -> str | bool:
    if isinstance(value, (PlacedInteger, PlacedFloat)):
        return value.text
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    raise PydanticCustomError("context_value", "a value is a string, boolean, number, or a list of these")


ContextValue = Annotated[
    Any,
    PlainValidator(_context_value),
    WithJsonSchema({"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}),
]
"""A value of the context; a number is kept as its JSON text."""


class PrincipalForm(Form):
    """A caller. `kind` may be left out where the ARN says it; null means not known."""

    kind: Kind | None = None
    arn: str = ""
    role_arn: str | None = None
    id: str | None = None
    tags: dict[str, str] | None = None
    groups: list[str] = Field(default_factory=list)
    service_linked: bool = False


def _principal_tag(value: object) -> str:
    return "object" if isinstance(value, dict) else "ARN"


class RequestForm(Form):
    """A request to authorize."""

    principal: Annotated[
        Annotated[str, Tag("ARN")] | Annotated[PrincipalForm, Tag("object")], Discriminator(_principal_tag)
    ]
    action: str
    resource: str = "*"
    context: dict[str, ContextValue] = Field(default_factory=dict)
    unknown: list[str] = Field(default_factory=list)
    grant_tokens: list[str] = Field(default_factory=list)
    grant: GrantForm | None = None


class UnsupportedRequestError(RequestError):
    """A request asks for what is not evaluated yet."""


def read_request(form: RequestForm) -> Request:
    """The request of a form.

    Raises:
        UnsupportedRequestError: it has unknown values, a grant in question, or a federated principal.
        RequestError: the principal is none, or contradicts its kind.
    """
    if form.unknown:
        raise UnsupportedRequestError("unknown values are not supported yet", help="leave `unknown` empty")
    if form.grant is not None:
        raise UnsupportedRequestError(
            "a request about a grant is not supported yet", help="leave `grant` out"
        )
    return Request(
        principal=read_principal(form.principal),
        action=form.action,
        resource=form.resource,
        context=form.context,
        grant_tokens=tuple(form.grant_tokens),
    )


def read_principal(form: str | PrincipalForm) -> Principal:
    """The principal of a form; what the form leaves out follows from the ARN.

    Raises:
        UnsupportedRequestError: it is a SAML or OIDC principal.
        RequestError: the ARN names no principal, or one of another kind.
    """
    if isinstance(form, str):
        return parse_principal(form)
    if form.kind in _UNSUPPORTED_KINDS:
        raise UnsupportedRequestError(
            f"principals of the kind {form.kind} are not supported yet",
            help="name the role session that the federation gives",
        )
    bare = _bare(form)
    return replace(
        bare,
        role_arn=form.role_arn or bare.role_arn,
        id=form.id,
        tags=form.tags,
        groups=tuple(form.groups),
        service_linked=form.service_linked or bare.service_linked,
    )


def _bare(form: PrincipalForm) -> Principal:
    if form.kind == "service":
        return Principal(PrincipalKind.SERVICE, form.arn, None, form.arn)
    if form.kind == "anonymous" and not form.arn:
        return ANONYMOUS
    if not form.arn:
        raise RequestError("the principal has no `arn`", help="write its ARN, or the kind anonymous")
    principal = parse_principal(form.arn)
    if form.kind is not None and principal.kind != form.kind:
        raise RequestError(
            f"`{printable(form.arn)}` is of the kind {principal.kind}, not {form.kind}",
            help=f"write {principal.kind}, or another ARN",
        )
    return principal
