"""NAMES → ARNS: what a user may write for a key or a principal that the bundle holds.

A key: its ARN, its id, `key/ID`, `alias/orders`, an alias's ARN. A principal: its ARN, a service's name,
`role/app`, `user/alice`, `assumed-role/app/session`, `root`. A short name must mean one thing only. The full
ARN of a principal is taken as it is: one that the bundle does not hold has no identity policies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.calls.principals import parse_principal
from policy_engine.catalog.actions import find_action
from policy_engine.cli.failures import InputError
from policy_engine.errors import RequestError
from policy_engine.explain.notes import look_alike
from policy_engine.explain.shown import listed, shown
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.model.bundle import Bundle
    from policy_engine.syntax.arn import Arn

_NO_KEY = "*"


def resolve_key(text: str | None, action: str, bundle: Bundle) -> str:
    """The resource of a request: the ARN of the key that a name means, or `*` where the action has no key.

    Raises:
        InputError: no key of the bundle has this name, or several have.
    """
    known = find_action(action)
    has_key = known is None or known.has_key
    if text is None or text == _NO_KEY:
        if has_key:
            raise InputError(f"{shown(action)} is authorised on a key", "name it with -k")
        return _NO_KEY
    if known is not None and "alias" in known.resources and text.startswith("arn:") and ":alias/" in text:
        return text  # actions on aliases are authorised on the alias itself, too
    found = [arn for arn in bundle.keys if text in _key_names(arn, bundle)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"`{shown(text)}` names {len(found)} keys: {listed(found)}", "give the key's ARN")
    names = (name for arn in bundle.keys for name in _key_names(arn, bundle))
    raise InputError(f"there is no key `{shown(text)}`", _did_you_mean(text, names, "keys"))


def _key_names(arn: str, bundle: Bundle) -> set[str]:
    """Every name that a key has."""
    parsed = parse_arn(arn)
    if parsed is None:
        return {arn}
    aliases = bundle.keys[arn].aliases or ()
    home = f"arn:{parsed.partition}:{parsed.service}:{parsed.region}:{parsed.account}:"
    return {arn, parsed.resource, parsed.resource.partition("/")[2], *aliases, *(home + a for a in aliases)}


def resolve_principal(text: str, bundle: Bundle) -> str:
    """The ARN, or service name, of the principal that a name means.

    Raises:
        InputError: no principal of the bundle has this name, or several have.
    """
    if text.startswith("arn:") or text.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return _checked(text)
    found = _principals(text, bundle)
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"`{shown(text)}` names {len(found)} principals: {listed(found)}", "give the ARN")
    names = (name for arn in bundle.principals for name in _principal_names(arn))
    raise InputError(f"there is no principal `{shown(text)}`", _did_you_mean(text, names, "principals"))


def _checked(text: str) -> str:
    try:
        parse_principal(text)
    except RequestError as error:
        raise InputError(str(error), error.help) from error
    return text


def _principals(text: str, bundle: Bundle) -> list[str]:
    named = [arn for arn in bundle.principals if text in _principal_names(arn)]
    if named:
        return named
    if text == "root":
        return sorted({f"arn:{a.partition}:iam::{a.account}:root" for a in _arns(bundle.keys)})
    kind, _, rest = text.partition("/")
    return _sessions(rest, bundle) if kind == "assumed-role" and "/" in rest else []


def _sessions(rest: str, bundle: Bundle) -> list[str]:
    """Sessions of the roles of a name: a session's ARN has no path."""
    role, _, session = rest.partition("/")
    roles = (a for a in _arns(bundle.principals) if a.resource.startswith("role/"))
    return [
        f"arn:{a.partition}:sts::{a.account}:assumed-role/{role}/{session}"
        for a in roles
        if a.resource.rpartition("/")[2] == role
    ]


def _arns(texts: Iterable[str]) -> list[Arn]:
    return [arn for text in texts if (arn := parse_arn(text)) is not None]


def _principal_names(arn: str) -> set[str]:
    """`role/team/app` and, without the path, `role/app`."""
    parsed = parse_arn(arn)
    if parsed is None:
        return {arn}
    kind, _, rest = parsed.resource.partition("/")
    if parsed.service == "sts":
        return {parsed.resource}
    return {parsed.resource, f"{kind}/{rest.rpartition('/')[2]}"}


def _did_you_mean(text: str, names: Iterable[str], what: str) -> str:
    known = sorted({name for name in names if not name.startswith("arn:")})
    near = look_alike(text, known)
    if near is not None:
        return f"did you mean `{shown(near)}`?"
    if not known:
        return f"no source holds {what}: give the full ARN, or a --bundle"
    return f"the {what} are {listed(known)}"
