"""CreateKey, DescribeKey and ListKeys.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html. What keys of each KeySpec and KeyUsage
are: `model.key_specs`; the HSM makes their material. A key comes into being in three steps: an intent row
that no operation sees, the material, and one commit that files the material and enables the key. A crash
before that commit leaves no key: the intent says what may be left of it, and the due jobs end it.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from kms_core.errors import KmsCoreError, ValidationError
from kms_core.model.key import KeyMetadata, KeyState
from kms_core.model.key_attributes import KeyAttributes
from kms_core.model.key_reference import KeyReference
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.key_kind import check_kind
from kms_core.service.key_policies import default_key_policy, read_key_policy, require_no_lockout
from kms_core.service.pages import Pages, require_place
from kms_core.service.parameters import MAX_DESCRIPTION, check_text
from kms_core.service.results import KeyPage, ListedKey
from kms_core.service.tag_parameters import check_tags
from kms_core.store import keys
from kms_core.store.tags import put_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kms_core.model.caller import Caller
    from kms_core.model.key import KeySpec, KeyUsage
    from kms_core.permit import Permit
    from kms_core.service.core import Core
    from kms_core.service.open_call import OpenCall
    from kms_core.store.prepared import AnyConnection

_MAX_PAGE = 1_000
_PAGE = 100


class KeyOperations:
    """What makes and shows keys."""

    _core: Core

    def create_key(
        self,
        caller: Caller | str,
        *,
        description: str = "",
        policy: str | None = None,
        bypass_policy_lockout_safety_check: bool | None = None,
        key_spec: str | None = None,
        key_usage: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> KeyMetadata:
        """Make a key in the caller's account: a symmetric encryption key, or what spec and usage say.

        Args:
            caller: who calls.
            description: up to 8,192 characters.
            policy: the key policy, as JSON; the default one delegates to the account's IAM policies.
            bypass_policy_lockout_safety_check: True lets a policy through under which the caller cannot put
                another one; None is a parameter that was left out.
            key_spec: ``SYMMETRIC_DEFAULT``, ``RSA_2048``, ``ECC_NIST_P256``, ``HMAC_256`` and so on.
            key_usage: what it is for; required but for a symmetric encryption key.
            tags: the key's tags by name.

        Raises:
            UnsupportedOperationError: the token does not make keys of that spec.
            AccessDeniedError: no identity policy of the caller allows kms:CreateKey; or kms:TagResource on
                all keys of the account, where there are tags.
            MalformedPolicyDocumentError: the policy is none, or would lock the caller out.
            LimitExceededError: the policy is over 32,768 bytes, or the account has all the keys it may have.
            TagError: too many tags, or one that no key can have.
            ValidationError: a parameter is out of its bounds.
            KMSInternalError: the HSM or the store fails; then there is no new key.
        """
        core = self._core
        with core.calls.begin(Operation.CREATE_KEY, caller) as call:
            check_text("description", description, 0, MAX_DESCRIPTION)
            kind = check_kind(key_spec, key_usage)
            hung_on = KeyAttributes(tags=check_tags(tags or {}, core.quotas))
            key = self._planned(call.caller, description, kind)
            text = default_key_policy(call.caller.partition, key.account) if policy is None else policy
            document = read_key_policy(text)
            given = context.create_key(
                bypass=bypass_policy_lockout_safety_check,
                key_spec=key.spec.value,
                key_usage=key.usage.value,
                tags=hung_on.tags,
            )
            with core.calls.without_key(call, key.arn, given) as permit:
                if not bypass_policy_lockout_safety_check:
                    require_no_lockout(core.engine, call.caller, core.region, key, document, hung_on)
                return self._make(call, permit, key, text, hung_on.tags)

    def describe_key(
        self, caller: Caller | str, key_id: str, *, grant_tokens: Sequence[str] = ()
    ) -> KeyMetadata:
        """Show a key.

        Args:
            caller: who calls.
            key_id: a key id, key ARN, alias name or alias ARN.
            grant_tokens: tokens of grants that may be too new to be known everywhere.

        Raises:
            AccessDeniedError, InvalidArnError, NotFoundError, ValidationError, KMSInternalError
        """
        calls = self._core.calls
        with calls.begin(Operation.DESCRIBE_KEY, caller, grant_tokens) as call:
            reference = calls.reference(call, key_id)
            with calls.on_key(call, reference, {}) as admitted:
                return admitted.key

    def list_keys(self, caller: Caller | str, *, limit: int = _PAGE, marker: str | None = None) -> KeyPage:
        """Show the keys of the caller's account in this Region, a page at a time.

        Args:
            caller: who calls.
            limit: how many at most, 1 to 1,000.
            marker: where to go on, as the page before said.

        Raises:
            AccessDeniedError: no identity policy of the caller allows kms:ListKeys.
            InvalidMarkerError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.LIST_KEYS, caller) as call:
            place = f"{require_place(call.caller, core.region)}key/"
            pages = Pages(core.markers, call, place, limit=limit, marker=marker, most=_MAX_PAGE)
            with core.calls.without_key(call, None, {}):
                after = pages.after()
                with core.database.read() as connection:
                    found = keys.list_keys(connection, place, after=after, limit=pages.wanted)
                page, further = pages.cut(found, lambda key: key.arn)
                listed = tuple(ListedKey(key.key_id, key.arn) for key in page)
                return KeyPage(listed, further is not None, further)

    def _planned(self, caller: Caller, description: str, kind: tuple[KeySpec, KeyUsage]) -> KeyMetadata:
        if caller.account is None:
            raise ValidationError("a service has no account to make a key in")
        sources = self._core.sources
        reference = KeyReference.of(caller.partition, self._core.region, caller.account, sources.new_id())
        return KeyMetadata(
            key_id=reference.key_id,
            arn=reference.arn,
            account=reference.account,
            creation_date=(now := sources.now()),
            description=description,
            spec=kind[0],
            usage=kind[1],
            uses_known_since=now,
        )

    def _make(
        self, call: OpenCall, permit: Permit, key: KeyMetadata, policy: str, tags: Mapping[str, str]
    ) -> KeyMetadata:
        core = self._core
        core.calls.hold_new(call, key.arn)
        core.intents.write(key, policy)
        with self._given_up_on_failure(permit, key):
            with core.turns.waiting():
                material = core.material.generate(
                    permit, key.arn, key.key_id, spec=key.spec.value, usage=key.usage.value
                )

            def enable(connection: AnyConnection) -> None:
                keys.enable_with(connection, material)
                put_tags(connection, key.key_id, tags)

            core.calls.change_together(call, enable)
        return replace(key, state=KeyState.ENABLED, current_backing_key_id=material.id)

    @contextmanager
    def _given_up_on_failure(self, permit: Permit, key: KeyMetadata) -> Iterator[None]:
        try:
            yield
        except BaseException:
            # INVARIANT: the intent stays for as long as something may be left in the token; nobody sees it,
            # and the due jobs end it
            with suppress(KmsCoreError):
                self._give_up(permit, key.key_id)
            raise

    def _give_up(self, permit: Permit, key_id: str) -> None:
        core = self._core
        with core.database.read() as connection:
            # INVARIANT: a commit that failed may have been kept all the same, and then the key is needed
            if keys.find_by_id(connection, key_id) is not None:
                return
        core.hsm.discard_unfiled(permit, key_id)
        with core.database.write() as connection:
            keys.drop_intent(connection, key_id)
