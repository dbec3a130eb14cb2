"""GetKeyPolicy, PutKeyPolicy and ListKeyPolicies.

https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html. A key has one policy that callers
see, named ``default``; any other name is a policy that does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import InvalidMarkerError, NotFoundError
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.context import POLICY_NAME
from kms_core.service.key_policies import read_key_policy, require_no_lockout
from kms_core.service.parameters import check_range, check_text
from kms_core.service.results import KeyPolicy, PolicyNames
from kms_core.store import keys
from kms_core.store.policies import file_policy, policy_text

if TYPE_CHECKING:
    from kms_core.model.caller import Caller
    from kms_core.service.core import Core

_MAX_NAME = 128
_MAX_PAGE = 1000
_PAGE = 100


class PolicyOperations:
    """What shows and changes key policies."""

    _core: Core

    def get_key_policy(
        self, caller: Caller | str, key_id: str, *, policy_name: str = POLICY_NAME
    ) -> KeyPolicy:
        """Show a key's policy, as it was put.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            policy_name: ``default``.

        Raises:
            NotFoundError: no such key, or no such policy.
            AccessDeniedError, InvalidArnError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.GET_KEY_POLICY, caller) as call:
            _check_name(policy_name)
            reference = core.calls.reference(call, key_id)
            admission = core.calls.on_key(call, reference, context.key_policy())
            with admission as admitted, core.database.read() as connection:
                return KeyPolicy(policy_text(connection, admitted.policy_digest), POLICY_NAME)

    def put_key_policy(
        self,
        caller: Caller | str,
        key_id: str,
        policy: str,
        *,
        policy_name: str = POLICY_NAME,
        bypass_policy_lockout_safety_check: bool | None = None,
    ) -> None:
        """Give a key another policy. Every call that begins after this has returned is decided under it.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            policy: the policy, as JSON, up to 32,768 bytes.
            policy_name: ``default``.
            bypass_policy_lockout_safety_check: True lets a policy through under which the caller cannot put
                another one; None is a parameter that was left out.

        Raises:
            MalformedPolicyDocumentError: the policy is none, or would lock the caller out.
            LimitExceededError: the policy is over 32,768 bytes.
            AccessDeniedError, InvalidArnError, NotFoundError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.PUT_KEY_POLICY, caller) as call:
            _check_name(policy_name)
            document = read_key_policy(policy)
            reference = core.calls.reference(call, key_id)
            given = context.key_policy(bypass=bypass_policy_lockout_safety_check)
            with core.calls.on_key(call, reference, given) as admitted:
                if not bypass_policy_lockout_safety_check:
                    hung_on = core.access.attributes(admitted.key.key_id)
                    require_no_lockout(core.engine, call.caller, core.region, admitted.key, document, hung_on)
                with core.calls.changing(call) as connection:
                    digest = file_policy(connection, policy)
                    keys.set_policy(connection, admitted.key.key_id, digest)

    def list_key_policies(
        self, caller: Caller | str, key_id: str, *, limit: int = _PAGE, marker: str | None = None
    ) -> PolicyNames:
        """Show the names of a key's policies: there is one, ``default``.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            limit: how many at most, 1 to 1,000.
            marker: where to go on; no page ever says.

        Raises:
            InvalidMarkerError: there is a marker.
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, NotFoundError, ValidationError,
            KMSInternalError
        """
        calls = self._core.calls
        with calls.begin(Operation.LIST_KEY_POLICIES, caller) as call:
            check_range("limit", limit, 1, _MAX_PAGE)
            if marker is not None:
                raise InvalidMarkerError("the marker is not valid here")
            with calls.on_key(call, calls.reference(call, key_id), {}):
                return PolicyNames((POLICY_NAME,))


def _check_name(name: str) -> None:
    check_text("policyName", name, 1, _MAX_NAME)
    if name != POLICY_NAME:
        raise NotFoundError("No such policy exists")
