"""What the name of an alias may look like, and the service's words for what may not be.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html. Names under ``alias/aws/`` are those
of the services' own keys, and nobody else makes, moves or deletes one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kms_core.errors import NotAuthorizedError, ValidationError
from kms_core.model.alias import PREFIX, AliasReference
from kms_core.service.pages import require_place
from kms_core.service.parameters import check_text, refuse

if TYPE_CHECKING:
    from kms_core.model.caller import Caller

_MAX_NAME = 256
_NAME = re.compile(r"^[a-zA-Z0-9:/_-]+$", re.ASCII)
_RESERVED = "alias/aws/"
_NO_PREFIX = (
    'Alias must start with the prefix "alias/". Please see '
    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)


def check_alias(name: str, caller: Caller, region: str) -> AliasReference:
    """Check the name of an alias of the caller's account.

    Raises:
        ValidationError: it is none, or the caller has no account.
        NotAuthorizedError: it is reserved.
    """
    check_text("aliasName", name, 1, _MAX_NAME)
    if not _NAME.fullmatch(name):
        refuse("aliasName", f"Member must satisfy regular expression pattern: {_NAME.pattern}", name)
    if not name.startswith(PREFIX) or name == PREFIX:
        raise ValidationError(_NO_PREFIX)
    if name.startswith(_RESERVED):
        raise NotAuthorizedError
    if ":" in name:  # the service refuses it, though its own pattern would let it through
        raise ValidationError(f"{name} contains invalid characters for an alias")
    return AliasReference(f"{require_place(caller, region)}{name}", str(caller.account))
