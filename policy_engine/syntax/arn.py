"""Takes ARNs apart, as https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SEGMENTS = 6
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Arn:
    """`arn:partition:service:region:account:resource`; the resource keeps its own colons and slashes."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@lru_cache(maxsize=65_536)
def parse_arn(text: str) -> Arn | None:
    """The parts of an ARN, or None for what is none. Wildcards are not looked at: a pattern splits alike."""
    parts = text.split(":", _SEGMENTS - 1)
    if len(parts) != _SEGMENTS or parts[0] != "arn" or not parts[5]:
        return None
    return Arn(*parts[1:])


def is_account_id(text: str) -> bool:
    """Whether `text` is twelve ASCII digits."""
    return _ACCOUNT.fullmatch(text) is not None
