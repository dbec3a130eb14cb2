"""What each operation does in each key state, and to which state it leads: tables, no branches.

From the developer guide's page on key states,
https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html. For a key that is pending deletion the
guide allows DisabledException or KMSInvalidStateException; recorded answers of the service show the second.
`Creating` differs from the guide on purpose: there it is a replica in the making, which DescribeKey shows;
here it is also a key whose creation was never acknowledged, and such a key exists for no operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import DisabledError, KMSInvalidStateError, UnsupportedOperationError
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
    _S.UPDATING: (KMSInvalidStateError, "is updating."),
}
"""How a state refuses: the exception, and what the service says after the key's ARN."""

NOT_PENDING_DELETION: tuple[type[KmsError], str] = (KMSInvalidStateError, "is not pending deletion.")
"""How CancelKeyDeletion is refused, whatever the state."""

_ANY = frozenset(KeyState)
_USABLE = frozenset({_S.ENABLED, _S.UPDATING})
DELETION = frozenset({_S.PENDING_DELETION, _S.PENDING_REPLICA_DELETION})
"""The states of a key that waits for its end."""

_STAYING = _ANY - DELETION
_SWITCHED = frozenset({_S.ENABLED, _S.DISABLED, _S.UNAVAILABLE})
_OF_OTHER_ORIGIN = frozenset({_S.PENDING_IMPORT, _S.UNAVAILABLE})

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
    Operation.ENABLE_KEY: _SWITCHED,
    Operation.DISABLE_KEY: _SWITCHED,
    Operation.SCHEDULE_KEY_DELETION: _STAYING - {_S.UPDATING},
    Operation.CANCEL_KEY_DELETION: DELETION,
    Operation.UPDATE_KEY_DESCRIPTION: _STAYING,
    Operation.GET_KEY_LAST_USAGE: _ANY,
    Operation.CREATE_ALIAS: _STAYING,
    Operation.UPDATE_ALIAS: _STAYING,
    Operation.DELETE_ALIAS: _ANY,
    Operation.TAG_RESOURCE: _STAYING,
    Operation.UNTAG_RESOURCE: _STAYING,
    Operation.LIST_RESOURCE_TAGS: _ANY,
    Operation.ENABLE_KEY_ROTATION: _USABLE,
    Operation.DISABLE_KEY_ROTATION: _USABLE,
    Operation.GET_KEY_ROTATION_STATUS: _ANY - _OF_OTHER_ORIGIN,
    Operation.ROTATE_KEY_ON_DEMAND: _USABLE,
    Operation.LIST_KEY_ROTATIONS: _ANY,
}
"""The states in which an operation on an existing key goes through; of UpdateAlias its new key counts."""

UNSUPPORTED_IN: dict[Operation, frozenset[KeyState]] = {
    Operation.ENABLE_KEY_ROTATION: _OF_OTHER_ORIGIN,
    Operation.DISABLE_KEY_ROTATION: _OF_OTHER_ORIGIN,
    Operation.GET_KEY_ROTATION_STATUS: _OF_OTHER_ORIGIN,
    Operation.ROTATE_KEY_ON_DEMAND: frozenset({_S.UNAVAILABLE}),
}
"""Where not the state is what refuses: only keys are in it whose origin the operation does not support."""

LEADS_TO: dict[Operation, dict[KeyState, KeyState]] = {
    Operation.ENABLE_KEY: {_S.DISABLED: _S.ENABLED},
    Operation.DISABLE_KEY: {_S.ENABLED: _S.DISABLED},
    Operation.SCHEDULE_KEY_DELETION: dict.fromkeys(_STAYING - {_S.UPDATING}, _S.PENDING_DELETION),
    Operation.CANCEL_KEY_DELETION: dict.fromkeys(DELETION, _S.DISABLED),
}
"""The state after an operation; a state that is not listed stays: Unavailable while the store is."""


def require_state(operation: Operation, key: KeyMetadata) -> None:
    """Let the operation pass if the key's state allows it.

    Raises:
        DisabledError: the key is disabled.
        KMSInvalidStateError: the key is in another state that refuses it.
        UnsupportedOperationError: its state shows that it is of an origin that the operation is not for.
    """
    if key.state in WORKS_IN[operation]:
        return
    if key.state in UNSUPPORTED_IN.get(operation, ()):
        raise UnsupportedOperationError(f"{key.arn} is of an origin which is not valid for this operation.")
    cancelling = operation is Operation.CANCEL_KEY_DELETION
    error, text = NOT_PENDING_DELETION if cancelling else REFUSALS[key.state]
    raise error(f"{key.arn} {text}")
