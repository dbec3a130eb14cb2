"""How things are named to a person: `role/app`, `key/1234abcd (alias/orders)`, `keys/orders.json:4:5`.

Every text that comes from a policy, a record or a request passes `shown` before it is put before a reader.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from policy_engine.model.policy import PolicyKind
from policy_engine.model.principal import PrincipalKind
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.explain.explanation import CheckedRow
    from policy_engine.model.bundle import KeyRecord
    from policy_engine.model.decision import Origin
    from policy_engine.model.principal import Principal
    from policy_engine.span import Span

_LIMIT = 200
_MOST_VALUES = 4
_KEY_ID = 8
_GRANT_ID = 12

LAYERS = {
    PolicyKind.KEY: "key policy",
    PolicyKind.IDENTITY: "identity policy",
    PolicyKind.BOUNDARY: "permissions boundary",
    PolicyKind.SESSION: "session policy",
    PolicyKind.SCP: "service control policy",
    PolicyKind.RCP: "resource control policy",
    PolicyKind.ENDPOINT: "VPC endpoint policy",
}


class Style(Enum):
    """What a piece of text is, for whoever gives it a colour."""

    GOOD = "good"
    BAD = "bad"
    STRONG = "strong"
    FAINT = "faint"
    PLACE = "place"


Paint = Callable[[str, Style], str]
"""Gives a piece of text its colour."""


def plain(text: str, style: Style) -> str:
    """A `Paint` that changes nothing."""
    del style
    return text


def shown(text: str, limit: int = _LIMIT) -> str:
    """A text of a policy or request, safe for a terminal."""
    return printable(text, limit)


def quoted(values: Iterable[str]) -> str:
    """Values in quotation marks; of many the first few, and how many more there are."""
    texts = [f'"{shown(value)}"' for value in values]
    more = len(texts) - _MOST_VALUES
    return ", ".join(texts[:_MOST_VALUES]) + (f" and {more} more" if more > 0 else "")


def listed(values: Iterable[str], most: int = _MOST_VALUES) -> str:
    """As `quoted`, without the marks."""
    texts = [shown(value) for value in values]
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def caller_name(principal: Principal) -> str:
    """`role/app`, `s3.amazonaws.com`, `root of 111122223333`, `anonymous`."""
    if principal.kind is PrincipalKind.ANONYMOUS:
        return "anonymous"
    if principal.kind is PrincipalKind.ROOT:
        return f"root of {principal.account}"
    return arn_name(principal.arn)


def arn_name(text: str) -> str:
    """The resource part of an ARN; any other text as it is."""
    arn = parse_arn(text)
    return shown(arn.resource if arn else text)


def key_name(resource: str, record: KeyRecord | None) -> str:
    """`key/1234abcd (alias/orders and 1 more)`; `*` for actions without a key."""
    arn = parse_arn(resource)
    if arn is None or not arn.resource.startswith("key/"):
        return arn_name(resource)
    name = f"key/{shown(arn.resource[4:].partition('-')[0], _KEY_ID)}"
    aliases = record.aliases if record else None
    if not aliases:
        return name
    more = f" and {len(aliases) - 1} more" if len(aliases) > 1 else ""
    return f"{name} ({shown(aliases[0])}{more})"


def place(span: Span | None) -> str:
    """`file:line:column`, or nothing where that is not known."""
    return shown(str(span)) if span else ""


def title(origin: Origin) -> str:
    """`Sid "EnableIAM"`, `Statement[3]`, `grant 0c237476b39f… "nightly-batch"`."""
    if origin.grant_id is not None:
        name = "" if origin.policy in {"", origin.grant_id} else f' "{shown(origin.policy)}"'
        return f"grant {shown(origin.grant_id, _GRANT_ID)}{name}"
    return f'Sid "{shown(origin.sid)}"' if origin.sid else f"Statement[{origin.index}]"


def home(row: CheckedRow) -> str:
    """Which policy a statement belongs to: `identity policy app/orders`."""
    if row.is_grant:
        return ""
    return f"{LAYERS[PolicyKind(row.origin.layer)]} {shown(row.origin.policy)}"
