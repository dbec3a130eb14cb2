"""The request object of scenario files and `--request`, and the `Request` that it is."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from policy_engine.bundle.grant_form import GrantForm, read_grant
from policy_engine.bundle.names import is_key_arn
from policy_engine.bundle.placed import PlacedFloat, PlacedInteger
from policy_engine.bundle.validation import Form
from policy_engine.calls.principals import ANONYMOUS, parse_principal
from policy_engine.errors import Diagnostic, RequestError, Severity
from policy_engine.model.grant import Grant
from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.model.request import Request
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.json_faults import printable

Kind = Literal[
    "user", "role", "assumed-role", "federated-user", "root", "service", "saml", "oidc", "anonymous"
]
_FEDERATED = {"saml": PrincipalKind.SAML, "oidc": PrincipalKind.OIDC}
_PROVIDERS = {"saml-provider": PrincipalKind.SAML, "oidc-provider": PrincipalKind.OIDC}
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


class AskedGrantForm(GrantForm):
    """The grant in question: one that is to be made has no id yet."""

    grant_id: str = ""


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
    grant: AskedGrantForm | None = Field(
        default=None, description="the grant to be retired, or to be made by way of another grant"
    )


@dataclass(frozen=True, slots=True)
class AskedRequest:
    """A request with what its object says besides.

    Attributes:
        request: the request.
        unknown: condition keys whose values are not known.
        diagnostics: the milder things that reading it found.
    """

    request: Request
    unknown: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_request(form: RequestForm) -> AskedRequest:
    """The request of a form.

    Raises:
        RequestError: the principal is none or contradicts its kind, a key that is not known has no name, or
            the grant in question is none.
    """
    if "" in form.unknown:
        raise RequestError("a condition key has no name", help="write a key such as kms:ViaService")
    grant, found = _asked_grant(form)
    request = Request(
        principal=read_principal(form.principal),
        action=form.action,
        resource=form.resource,
        context=form.context,
        grant_tokens=tuple(form.grant_tokens),
        grant=grant,
    )
    return AskedRequest(request, tuple(form.unknown), found)


def _asked_grant(form: RequestForm) -> tuple[Grant | None, tuple[Diagnostic, ...]]:
    if form.grant is None:
        return None, ()
    key_arn = form.resource if is_key_arn(form.resource) else None
    grant, found = read_grant(form.grant, key_arn)
    fault = next((d for d in found if d.severity is Severity.ERROR), None)
    if fault is not None:
        raise RequestError(f"the grant in question cannot be read: {fault.message}", help=fault.help)
    return grant, tuple(found)


def read_principal(form: str | PrincipalForm) -> Principal:
    """The principal of a form; what the form leaves out follows from the ARN.

    Raises:
        RequestError: the ARN names no principal, or one of another kind.
    """
    if isinstance(form, str):
        return _named(form, None)
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
    principal = _named(form.arn, form.kind)
    if form.kind is not None and principal.kind != form.kind:
        raise RequestError(
            f"`{printable(form.arn)}` is of the kind {principal.kind}, not {form.kind}",
            help=f"write {principal.kind}, or another ARN",
        )
    return principal


def _named(text: str, kind: Kind | None) -> Principal:
    """The principal of a name. What a SAML or OIDC caller is named by, its provider or session, it keeps."""
    arn = parse_arn(text)
    provider = _PROVIDERS.get(arn.resource.partition("/")[0]) if arn and arn.service == "iam" else None
    if provider is not None and arn is not None:
        return Principal(provider, text, arn.account or None, arn.resource.partition("/")[2])
    federated = _FEDERATED.get(kind or "")
    if federated is None:
        return parse_principal(text)
    if arn is None:  # `accounts.google.com`: providers that AWS knows have no ARN
        return Principal(federated, text, None, text)
    return replace(parse_principal(text), kind=federated)
