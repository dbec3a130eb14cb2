"""From the name of a caller, an ARN or a service's name, to a `Principal`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

from __future__ import annotations

import re
from functools import lru_cache

from policy_engine.errors import RequestError
from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.syntax.arn import is_account_id, parse_arn
from policy_engine.syntax.json_faults import printable

_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.amazonaws\.com(?:\.cn)?", re.ASCII)
_KINDS = {
    ("iam", "user"): PrincipalKind.USER,
    ("iam", "role"): PrincipalKind.ROLE,
    ("sts", "assumed-role"): PrincipalKind.ASSUMED_ROLE,
    ("sts", "federated-user"): PrincipalKind.FEDERATED_USER,
}
_SERVICE_LINKED_PATH = "role/aws-service-role/"
ANONYMOUS = Principal(PrincipalKind.ANONYMOUS, "", None, "")


@lru_cache(maxsize=65_536)
def parse_principal(text: str) -> Principal:
    """The caller that a text names.

    Args:
        text: an ARN of a user, role, session, federated session or account root, a service's name such as
            `s3.amazonaws.com`, or an empty text for an anonymous caller.

    Raises:
        RequestError: it names none of these.
    """
    if not text:
        return ANONYMOUS
    if _SERVICE.fullmatch(text):
        return Principal(PrincipalKind.SERVICE, text, None, text)
    arn = parse_arn(text)
    if arn is None or not is_account_id(arn.account):
        raise _refused(text)
    if arn.service == "iam" and arn.resource == "root":
        return Principal(PrincipalKind.ROOT, text, arn.account, "root")
    first, _, rest = arn.resource.partition("/")
    kind = _KINDS.get((arn.service, first))
    if kind is None or not rest:
        raise _refused(text)
    name = rest if kind is PrincipalKind.ASSUMED_ROLE else rest.rpartition("/")[2]
    return Principal(
        kind,
        text,
        arn.account,
        name,
        role_arn=text if kind is PrincipalKind.ROLE else None,
        service_linked=is_service_linked(text),
    )


def is_service_linked(role_arn: str | None) -> bool:
    """Whether a role's ARN is that of a service-linked role, by its path."""
    arn = parse_arn(role_arn or "")
    return arn is not None and arn.resource.startswith(_SERVICE_LINKED_PATH)


def _refused(text: str) -> RequestError:
    return RequestError(
        f"`{printable(text)}` names no principal",
        help="write the ARN of a user, role, session or account root, or a name such as s3.amazonaws.com",
    )
