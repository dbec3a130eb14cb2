"""A grant as `aws kms list-grants` prints it, and the grant that it is.

https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html. Two fields are not AWS's:
`Pending` (made, but not yet visible everywhere) and `GrantToken`.
"""

from collections.abc import Iterable

from policy_engine.bundle.timestamp import Timestamp
from policy_engine.bundle.validation import AwsForm
from policy_engine.catalog.actions import ACTIONS
from policy_engine.errors import Diagnostic, Severity
from policy_engine.model.grant import Grant, GrantConstraints
from policy_engine.reading.elements import closest
from policy_engine.span import Span
from policy_engine.syntax.arn import is_account_id, parse_arn
from policy_engine.syntax.json_faults import printable

_OPERATIONS = tuple(action.name.partition(":")[2] for action in ACTIONS.values() if action.grant_operation)
_SERVICE_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn")


class ConstraintsForm(AwsForm):
    """What binds the use of a grant."""

    encryption_context_equals: dict[str, str] | None = None
    encryption_context_subset: dict[str, str] | None = None
    source_arn: str | None = None


class GrantForm(AwsForm):
    """A grant."""

    key_id: str | None = None
    grant_id: str
    name: str | None = None
    creation_date: Timestamp = None
    grantee_principal: str | None = None
    grantee_service_principal: str | None = None
    retiring_principal: str | None = None
    retiring_service_principal: str | None = None
    issuing_account: str | None = None
    operations: list[str]
    constraints: ConstraintsForm | None = None
    pending: bool = False
    grant_token: str | None = None


def read_grant(form: GrantForm, key_arn: str | None) -> tuple[Grant | None, list[Diagnostic]]:
    """The grant of a form, with what is wrong with it; `key_arn` is the key that it must be on."""
    found = [*_conflicts(form), *_check_key(form, key_arn), *_unknown_operations(form)]
    grantee = form.grantee_principal or form.grantee_service_principal
    if grantee is None:
        message, remedy = "the grant has no GranteePrincipal", "add GranteePrincipal"
        return None, [*found, _fault("missing-field", message, form.place, remedy)]
    if not _names_somebody(grantee):
        found.append(_unknown_grantee(grantee, form))
    constraints = form.constraints or ConstraintsForm()
    grant = Grant(
        grant_id=form.grant_id,
        grantee_principal=grantee,
        operations=tuple(form.operations),
        constraints=GrantConstraints(
            constraints.encryption_context_equals,
            constraints.encryption_context_subset,
            constraints.source_arn,
        ),
        name=form.name or None,
        retiring_principal=form.retiring_principal or form.retiring_service_principal,
        issuing_account=form.issuing_account,
        creation_date=form.creation_date,
        pending=form.pending,
        token=form.grant_token,
        span=form.place,
    )
    return (None if any(d.severity is Severity.ERROR for d in found) else grant), found


def read_grants(
    forms: Iterable[GrantForm], key_arn: str | None
) -> tuple[tuple[Grant, ...], list[Diagnostic]]:
    """The grants of a key; two of one id are refused."""
    grants: dict[str, Grant] = {}
    found: list[Diagnostic] = []
    for form in forms:
        grant, faults = read_grant(form, key_arn)
        found += faults
        if form.grant_id in grants:
            first = grants[form.grant_id].span
            found.append(
                Diagnostic(
                    "duplicate-definition",
                    f"the grant `{printable(form.grant_id)}` stands twice",
                    form.place,
                    "remove one of them",
                    related=((first, "first seen here"),) if first else (),
                )
            )
        elif grant is not None:
            grants[form.grant_id] = grant
    return tuple(grants.values()), found


def _conflicts(form: GrantForm) -> list[Diagnostic]:
    """A principal and a service's name in its place: a grant has one grantee, and one who retires it."""
    pairs = {
        "Grantee": (form.grantee_principal, form.grantee_service_principal),
        "Retiring": (form.retiring_principal, form.retiring_service_principal),
    }
    return [
        _fault(
            "element-conflict",
            f"{name}Principal and {name}ServicePrincipal name different principals",
            form.place,
            "keep one of them",
        )
        for name, (principal, service) in pairs.items()
        if principal is not None and service is not None and principal != service
    ]


def _check_key(form: GrantForm, key_arn: str | None) -> list[Diagnostic]:
    if form.key_id is None or key_arn is None or form.key_id in {key_arn, key_arn.rpartition("/")[2]}:
        return []
    message = f"the grant is on the key `{printable(form.key_id)}`, not on `{printable(key_arn)}`"
    return [_fault("wrong-key", message, form.place, "move it to the folder or record of its key")]


def _names_somebody(grantee: str) -> bool:
    return is_account_id(grantee) or parse_arn(grantee) is not None or grantee.endswith(_SERVICE_SUFFIXES)


def _unknown_grantee(grantee: str, form: GrantForm) -> Diagnostic:
    # AWS prints "AWS Internal" for some grants of its services
    return Diagnostic(
        "unknown-grantee",
        f"the grantee `{printable(grantee)}` is no principal that can be recognised",
        form.place,
        "it covers no caller that can be asked about; write the ARN of a principal or a service's name",
        Severity.WARNING,
    )


def _unknown_operations(form: GrantForm) -> list[Diagnostic]:
    found = []
    for operation in form.operations:
        if operation not in _OPERATIONS:
            meant = closest(operation, _OPERATIONS)
            found.append(
                Diagnostic(
                    "unknown-operation",
                    f"there is no grant operation `{printable(operation)}`, so it allows nothing",
                    form.place,
                    f"did you mean `{meant}`?" if meant else f"the operations are {', '.join(_OPERATIONS)}",
                    Severity.WARNING,
                )
            )
    return found


def _fault(code: str, message: str, span: Span, remedy: str) -> Diagnostic:
    return Diagnostic(code, message, span, remedy)
