"""Who calls, and how a Principal element means them.

Rules 6 to 22, 80 and 102 of docs/semantics.md. A match is a set of words: `named` (the user, session or service itself,
or everyone), `direct` (the session's role, the user who federated), `delegated` (the caller's account).
"""

from dataclasses import dataclass
from typing import Any

from tests.reference.plain_data import Json

SERVICE = "service"
ANONYMOUS = "anonymous"
SELF_NAMED = {"user", "assumed-role", "federated-user"}  # not capped where a policy or grant names them
SERVICE_LINKED = ":role/aws-service-role/"  # the path that only service-linked roles have
WITHOUT_ACCOUNT = {SERVICE, ANONYMOUS, "saml", "oidc"}


@dataclass(frozen=True, slots=True)
class Caller:
    """A request's principal, as the request object gives it."""

    kind: str
    arn: str
    role_arn: str | None
    unique_id: str | None
    tags: dict[str, str] | None
    service_linked: bool

    @property
    def account(self) -> str | None:
        """The caller's account, from the ARN."""
        parts = self.arn.split(":")
        return None if self.kind in WITHOUT_ACCOUNT or len(parts) < 6 else parts[4]


def caller_of(principal: str | dict[str, Any]) -> Caller:
    """The caller, from a request's `principal`: an ARN, a service name, or the object."""
    if isinstance(principal, str):
        principal = {"kind": _kind_of(principal), "arn": principal}
    return Caller(
        principal["kind"],
        principal.get("arn") or "",
        principal.get("role_arn"),
        principal.get("id"),
        principal.get("tags"),
        bool(principal.get("service_linked"))
        or SERVICE_LINKED in (principal.get("role_arn") or principal.get("arn") or ""),
    )


def _kind_of(text: str) -> str:
    if not text.startswith("arn:"):
        return SERVICE if text.endswith((".amazonaws.com", ".amazonaws.com.cn")) else ANONYMOUS
    resource = text.split(":", 5)[5]
    return "root" if resource == "root" else resource.split("/")[0]


def account_named(text: str) -> str | None:
    """The account that an account principal names: the root ARN or the bare id (rule 12)."""
    if len(text) == 12 and text.isdigit():
        return text
    parts = text.split(":", 5)
    is_root = len(parts) == 6 and parts[2] == "iam" and parts[5] == "root"
    return parts[4] if is_root else None


def account_meant(text: str, caller: Caller) -> str | None:
    """The account that an account principal names to this caller: in another partition it is another one (rule 108)."""
    parts, own = text.split(":"), caller.arn.split(":")
    elsewhere = parts[0] == own[0] == "arn" and parts[1] != own[1]
    return None if elsewhere else account_named(text)


def covers_as_role(text: str, caller: Caller) -> bool:
    """Does an ARN name the role of this session, or the user who federated (rules 9, 16, 87)?"""
    if caller.kind not in ("assumed-role", "federated-user"):
        return False
    if caller.role_arn is not None:
        return text == caller.role_arn
    return caller.kind == "assumed-role" and _same_role_name(text, caller.arn)


def _same_role_name(role_arn: str, session_arn: str) -> bool:
    """Rule 16: the session ARN drops the path, and role names are unique without regard to case."""
    role, session = role_arn.split(":", 5), session_arn.split(":", 5)
    if len(role) < 6 or role[2] != "iam" or not role[5].startswith("role/") or role[4] != session[4]:
        return False
    if role[1] != session[1]:  # rule 108
        return False
    return role[5].split("/")[-1].lower() == session[5].split("/")[1].lower()


def _by_unique_id(text: str, caller: Caller) -> str | None:
    """Rule 14: a stored unique id; it is the role's for a session."""
    if caller.unique_id is None or text != caller.unique_id.split(":")[0]:
        return None
    return "named" if caller.kind == "user" else "direct"


def _aws_entry(text: str, caller: Caller, effect: str, options: dict[str, Any]) -> str | None:
    if text == "*":  # rule 11: of services, a Deny only, or as the option says
        of_services = effect == "Deny" or options.get("aws_wildcard_allows_services", False)
        return "named" if caller.kind != SERVICE or of_services else None
    if caller.kind in WITHOUT_ACCOUNT:
        return None
    if account_named(text) is not None:
        return "delegated" if account_meant(text, caller) == caller.account else None
    if text == caller.arn:
        return "direct" if caller.kind == "role" else "named"
    return "direct" if covers_as_role(text, caller) else _by_unique_id(text, caller)


def _entry(type_: str, text: str, caller: Caller, effect: str, options: dict[str, Any]) -> str | None:
    if type_ == "AWS":
        return _aws_entry(text, caller, effect, options)
    kinds = {"Service": (SERVICE,), "Federated": ("saml", "oidc"), "CanonicalUser": ()}[type_]
    return "named" if caller.kind in kinds and text in (caller.arn, "*") else None


def matches(element: Json, caller: Caller, effect: str, options: dict[str, Any]) -> set[str]:
    """How a Principal element means the caller; empty where it does not."""
    if element == "*":
        return {"named"}
    found = {_entry(type_, text, caller, effect, options) for type_, text in _listed(element)}
    return {word for word in found if word is not None}


def _listed(element: dict[str, Any]) -> list[tuple[str, str]]:
    """Every entry with its type."""
    return [
        (type_, text)
        for type_, texts in element.items()
        for text in ([texts] if isinstance(texts, str) else texts)
    ]


def _without_roles(element: Json, caller: Caller) -> Json:
    """A NotPrincipal without what names the session's role, for the reading in which a role does not spare its sessions."""
    if element == "*" or caller.kind != "assumed-role":
        return element
    kept: dict[str, list[str]] = {}
    for type_, text in _listed(element):
        if not covers_as_role(text, caller):
            kept.setdefault(type_, []).append(text)
    return kept


def statement_matches(
    statement: dict[str, Any], caller: Caller, options: dict[str, Any], *, bounded: bool
) -> set[str]:
    """The same for a statement, with NotPrincipal (rules 17, 18, 20, 102)."""
    if "Principal" in statement:
        return matches(statement["Principal"], caller, statement["Effect"], options)
    if "NotPrincipal" not in statement:
        return set()
    effect, element = statement["Effect"], statement["NotPrincipal"]
    if effect == "Allow" and element != "*" and not _listed(element):  # rule 92
        return set()
    if bounded and effect == "Deny":
        return {"named"}
    if effect == "Deny" and not options.get("listed_role_exempts_sessions", True):
        element = _without_roles(element, caller)
    return set() if matches(element, caller, effect, options) else {"named"}
