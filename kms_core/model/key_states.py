"""What each operation does in each key state: one table, no branches.

Not the transitions between states. From the developer guide's page on key states,
https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html. For a key that is pending deletion the
guide allows DisabledException or KMSInvalidStateException; recorded answers of the service show the second.
`Creating` differs from the guide on purpose: there it is a replica in the making, which DescribeKey shows;
here it is also a key whose creation was never acknowledged, and such a key exists for no operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import DisabledError, KMSInvalidStateError
from kms_core.model.key import KeyState
from kms_core.model.operations import Operation

if TYPE_CHECKING:
    from kms_core.errors import KmsError
    from kms_core.model.key import KeyMetadata

_S = KeyState

REFUSALS: dict[KeyState, tuple[type[KmsError], str]] = {
    _S.DISABLED: (DisabledError, "is disabled."),
    _S.PENDING_DELETION: (KMSInvalidStateError, "is pending deletion."),
    _S.PENDING_REPLICA_DELETION: (KMSInvalidStateError, "is pending deletion."),
    _S.PENDING_IMPORT: (KMSInvalidStateError, "is pending import."),
    _S.UNAVAILABLE: (KMSInvalidStateError, "is unavailable."),
    _S.CREATING: (KMSInvalidStateError, "is creating."),
}
"""How a state refuses: the exception, and what the service says after the key's ARN."""

_ANY = frozenset(KeyState)
_USABLE = frozenset({_S.ENABLED, _S.UPDATING})

WORKS_IN: dict[Operation, frozenset[KeyState]] = {
    Operation.DESCRIBE_KEY: _ANY,
    Operation.ENCRYPT: _USABLE,
    Operation.DECRYPT: _USABLE,
    Operation.RE_ENCRYPT: _USABLE,
    Operation.GENERATE_DATA_KEY: _USABLE,
    Operation.GENERATE_DATA_KEY_WITHOUT_PLAINTEXT: _USABLE,
    Operation.GENERATE_DATA_KEY_PAIR: _USABLE,
    Operation.GENERATE_DATA_KEY_PAIR_WITHOUT_PLAINTEXT: _USABLE,
    Operation.SIGN: _USABLE,
    Operation.VERIFY: _USABLE,
    Operation.GET_PUBLIC_KEY: _USABLE,
    Operation.GENERATE_MAC: _USABLE,
    Operation.VERIFY_MAC: _USABLE,
    Operation.DERIVE_SHARED_SECRET: _USABLE,
    Operation.GET_KEY_POLICY: _ANY,
    Operation.PUT_KEY_POLICY: _ANY,
    Operation.LIST_KEY_POLICIES: _ANY,
    Operation.CREATE_GRANT: _USABLE | {_S.UNAVAILABLE},
    Operation.LIST_GRANTS: _ANY,
    Operation.RETIRE_GRANT: _ANY,
    Operation.REVOKE_GRANT: _ANY,
}
"""The states in which an operation on an existing key goes through."""


def require_state(operation: Operation, key: KeyMetadata) -> None:
    """Let the operation pass if the key's state allows it.

    Raises:
        DisabledError: the key is disabled.
        KMSInvalidStateError: the key is in another state that refuses it.
    """
    if key.state in WORKS_IN[operation]:
        return
    error, text = REFUSALS[key.state]
    raise error(f"{key.arn} {text}")
