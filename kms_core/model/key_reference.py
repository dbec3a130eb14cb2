"""The KeyId parameter: text to the ARN of one key, or of an alias that stands for one.

Not a lookup: whether there is such a key or alias is the store's business. Texts of the errors are those that
the service was recorded with. https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from kms_core.errors import InvalidArnError, NotFoundError, ValidationError
from kms_core.model.alias import PREFIX, AliasReference

if TYPE_CHECKING:
    from kms_core.model.caller import Caller

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEY_ID = re.compile(rf"{_UUID}|mrk-[0-9a-f]{{32}}", re.ASCII)
_ARN = re.compile(
    r"arn:(?P<partition>[a-z0-9-]+):kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"(?P<kind>key|alias)/(?P<name>.+)",
    re.ASCII,
)
_NO_KEY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class KeyReference:
    """One key, named.

    Attributes:
        arn: its ARN.
        key_id: its id.
        account: the account that owns it.
        alias: the ARN of the alias by which it was named; None where it was named itself.
    """

    arn: str
    key_id: str
    account: str
    alias: str | None = None

    @classmethod
    def of(cls, partition: str, region: str, account: str, key_id: str) -> KeyReference:
        """The key with this id in this place."""
        return cls(f"arn:{partition}:kms:{region}:{account}:key/{key_id}", key_id, account)

    @classmethod
    def behind_nothing(cls, alias: AliasReference) -> KeyReference:
        """The key behind an alias that does not exist: one that does not exist either, in the same place."""
        place = alias.arn.removesuffix(alias.name)
        return cls(f"{place}key/{_NO_KEY}", _NO_KEY, alias.account, alias.arn)


def read_key_id(text: str, caller: Caller, region: str) -> KeyReference | AliasReference:
    """Read a KeyId; a bare key id or alias name means the caller's account in this Region.

    Raises:
        ValidationError: a service, which has no account, gives a bare one.
        InvalidArnError: an ARN that is no key's and no alias's.
        NotFoundError: it can name no key here: no key id, another Region.
    """
    if text.startswith("arn:"):
        return _from_arn(text, region)
    account = caller.account
    if account is None:
        raise ValidationError("a service has no account of its own: name the key by its ARN")
    if text.startswith(PREFIX):
        return AliasReference.of(caller.partition, region, account, text)
    return KeyReference.of(caller.partition, region, account, _key_id(text))


@lru_cache(maxsize=16_384)
def _from_arn(text: str, region: str) -> KeyReference | AliasReference:
    match = _ARN.fullmatch(text)
    if match is None:
        raise InvalidArnError(f"Invalid arn {text}")
    if match["region"] != region:
        raise NotFoundError(f"Invalid arn {match['region']}")
    if match["kind"] == "alias":
        return AliasReference(text, match["account"])
    return KeyReference(text, _key_id(match["name"]), match["account"])


def _key_id(text: str) -> str:
    if not _KEY_ID.fullmatch(text):
        raise NotFoundError(f"Invalid keyId '{text}'")
    return text
