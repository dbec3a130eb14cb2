"""The KeyId parameter: text to the ARN of one key.

Not a lookup: whether the key exists is the store's business. Key ids and key ARNs are read; an alias is
refused as one that is not found, since this core keeps no aliases. Texts of the errors are those that the
service was recorded with. https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kms_core.errors import InvalidArnError, NotFoundError, ValidationError

if TYPE_CHECKING:
    from kms_core.model.caller import Caller

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEY_ID = re.compile(rf"{_UUID}|mrk-[0-9a-f]{{32}}", re.ASCII)
_ARN = re.compile(
    r"arn:(?P<partition>[a-z0-9-]+):kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"(?P<kind>key|alias)/(?P<name>.+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class KeyReference:
    """One key, named: its ARN, its id and the account that owns it."""

    arn: str
    key_id: str
    account: str

    @classmethod
    def of(cls, partition: str, region: str, account: str, key_id: str) -> KeyReference:
        """The key with this id in this place."""
        return cls(f"arn:{partition}:kms:{region}:{account}:key/{key_id}", key_id, account)

    @classmethod
    def parse(cls, text: str, caller: Caller, region: str) -> KeyReference:
        """Read a KeyId; a bare key id names a key of the caller's account in this Region.

        Raises:
            ValidationError: a service, which has no account, names it by its id alone.
            InvalidArnError: an ARN that is no key's.
            NotFoundError: it can name no key here: no key id, another Region, an alias.
        """
        if text.startswith("arn:"):
            return cls._from_arn(text, region)
        return cls._from_name(text, caller, region)

    @classmethod
    def _from_arn(cls, text: str, region: str) -> KeyReference:
        match = _ARN.fullmatch(text)
        if match is None:
            raise InvalidArnError(f"Invalid arn {text}")
        if match["region"] != region:
            raise NotFoundError(f"Invalid arn {match['region']}")
        if match["kind"] == "alias":
            raise NotFoundError(f"Alias {text} is not found.")
        if not _KEY_ID.fullmatch(match["name"]):
            raise NotFoundError(f"Invalid keyId '{match['name']}'")
        return cls(text, match["name"], match["account"])

    @classmethod
    def _from_name(cls, text: str, caller: Caller, region: str) -> KeyReference:
        account = caller.account
        if account is None:
            raise ValidationError("a service has no account of its own: name the key by its ARN")
        if text.startswith("alias/"):
            raise NotFoundError(f"Alias arn:{caller.partition}:kms:{region}:{account}:{text} is not found.")
        if not _KEY_ID.fullmatch(text):
            raise NotFoundError(f"Invalid keyId '{text}'")
        return cls.of(caller.partition, region, account, text)
