"""NAME IN A CALL → KEY: key id, key ARN, alias name or alias ARN.

Bare ids and alias names mean the caller's own account and the Region of the call; other accounts' keys are
named by ARN (rule 89). An operation that takes no alias refuses one. Not a lookup of keys: whether a key
exists is another question.
https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.errors import RequestError
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.calls.api_call import ApiCall

_ALIAS = "alias/"
_KEY = "key/"
_REGION = 3
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html, "Partition"
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}


class UnknownAliasError(RequestError):
    """An alias that a call names stands for no key."""


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key's ARN, and the name of the alias (never its ARN) by which the call named it."""

    arn: str
    alias: str | None = None


def name_key(call: ApiCall, text: str, *, takes_alias: bool) -> KeyName:
    """The key that a parameter names.

    Raises:
        RequestError: it is no name of a key, or an alias where the operation takes none.
        UnknownAliasError: the alias stands for no key.
    """
    full, resource = _full(call, text)
    if resource.startswith(_KEY):
        return KeyName(full)
    if not takes_alias:
        raise RequestError(
            f"{call.operation} does not take the alias `{printable(text)}`", help="give the key id or key ARN"
        )
    return KeyName(aliased_key(call, full), resource)


def aliased_key(call: ApiCall, alias_arn: str) -> str:
    """The ARN of the key that an alias stands for.

    Raises:
        UnknownAliasError: there is none.
    """
    found = call.keys.aliased(alias_arn)
    if found is None:
        raise UnknownAliasError(f"the alias `{printable(alias_arn)}` stands for no key")
    return found


def alias_arn(call: ApiCall, name: str) -> str:
    """The ARN of an alias of the caller's account and the call's Region.

    Raises:
        RequestError: it is no alias name.
    """
    if not name.startswith(_ALIAS):
        raise RequestError(f"`{printable(name)}` is no alias name", help="write it as alias/orders")
    return own_arn(call, name)


def own_arn(call: ApiCall, resource: str, region: str | None = None) -> str:
    """The ARN of something in the caller's account.

    Raises:
        RequestError: the caller is in no account.
    """
    account = call.principal.account
    if account is None:
        raise RequestError(
            f"`{printable(resource)}` says too little: `{printable(call.principal.arn)}` is in no account",
            help="give the ARN",
        )
    region = region or call.region
    return f"arn:{partition_of(region)}:kms:{region}:{account}:{resource}"


def partition_of(region: str) -> str:
    """The partition of a Region: `aws`, `aws-cn`, `aws-us-gov`."""
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def in_region(key_arn: str, region: str) -> str:
    """The ARN that a multi-Region key has in another Region."""
    parts = key_arn.split(":")
    parts[_REGION] = region
    return ":".join(parts)


def _full(call: ApiCall, text: str) -> tuple[str, str]:
    """The ARN that a name means, and its resource."""
    full = text
    if not text.startswith("arn:"):
        full = own_arn(call, text if text.startswith(_ALIAS) else _KEY + text)
    arn = parse_arn(full)
    if arn is None or arn.service != "kms" or not arn.resource.startswith((_KEY, _ALIAS)):
        raise RequestError(
            f"`{printable(text)}` names no key", help="give a key id, key ARN, alias name or alias ARN"
        )
    return full, arn.resource
