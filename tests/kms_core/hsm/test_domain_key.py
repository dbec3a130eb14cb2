"""What the PIN's holder cannot do with the token's own keys, tried with a raw session."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass

from kms_core.hsm.token_keys import DOMAIN_KEY, MAC_KEY
from kms_core.hsm.unwrap_template import TemplateMapper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kms_core.hsm.lane import Lane
    from kms_core.hsm.token import Pkcs11Hsm

WRAP = Mechanism.AES_KEY_WRAP_PAD
ACTION_PROHIBITED = "0x1b"  # CKR_ACTION_PROHIBITED, which the binding has no class for
FORBIDDEN = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False, Attribute.DECRYPT: True}
REFUSALS = (
    pkcs11.AttributeReadOnly,
    pkcs11.AttributeSensitive,
    pkcs11.KeyUnextractable,
    pkcs11.TemplateInconsistent,
)


@contextmanager
def raw(hsm: Pkcs11Hsm) -> Iterator[Callable[[str], Any]]:
    """Find a token key by its label, in the first lane."""
    lane: Lane = hsm._lanes._lanes[0]
    with lane.lock:
        yield lambda label: lane.session.get_key(object_class=ObjectClass.SECRET_KEY, label=label)


@pytest.mark.parametrize(
    "template",
    [
        {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False},
        {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: True},
        {Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: False},
        {Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: True, Attribute.TOKEN: True},
    ],
    ids=["readable", "extractable", "not sensitive", "kept in the token"],
)
def test_a_wrapped_key_never_comes_back_as_more_than_it_was(
    hsm: Pkcs11Hsm, template: dict[Attribute, bool]
) -> None:
    with raw(hsm) as find:
        domain_key = find(DOMAIN_KEY)
        key = domain_key.session.generate_key(KeyType.AES, 256, template={Attribute.EXTRACTABLE: True})
        blob = domain_key.wrap_key(key, mechanism=WRAP)
        key.destroy()
        with pytest.raises(pkcs11.TemplateInconsistent):
            domain_key.unwrap_key(
                ObjectClass.SECRET_KEY,
                KeyType.AES,
                blob,
                mechanism=WRAP,
                capabilities=MechanismFlag.ENCRYPT,
                template=template,
            )


def test_a_key_that_came_back_cannot_leave(hsm: Pkcs11Hsm) -> None:
    with raw(hsm) as find:
        domain_key = find(DOMAIN_KEY)
        key = domain_key.session.generate_key(KeyType.AES, 256, template={Attribute.EXTRACTABLE: True})
        blob = domain_key.wrap_key(key, mechanism=WRAP)
        back = domain_key.unwrap_key(
            ObjectClass.SECRET_KEY,
            KeyType.AES,
            blob,
            mechanism=WRAP,
            capabilities=MechanismFlag.ENCRYPT,
            template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )
        with pytest.raises(REFUSALS):
            back[Attribute.VALUE]
        with pytest.raises(REFUSALS):
            domain_key.wrap_key(back, mechanism=WRAP)
        with pytest.raises(REFUSALS):
            back[Attribute.EXTRACTABLE] = True
        with pytest.raises(REFUSALS):
            back.copy({Attribute.EXTRACTABLE: True})
        back.destroy()
        key.destroy()


@pytest.mark.parametrize("label", [DOMAIN_KEY, MAC_KEY])
def test_a_token_key_cannot_leave_or_change(hsm: Pkcs11Hsm, label: str) -> None:
    with raw(hsm) as find:
        key = find(label)
        with pytest.raises(REFUSALS):
            key[Attribute.VALUE]
        with pytest.raises(REFUSALS):
            find(DOMAIN_KEY).wrap_key(key, mechanism=WRAP)
        for attribute, value in FORBIDDEN.items():
            with pytest.raises(pkcs11.PKCS11Error) as raised:
                key[attribute] = value
            assert isinstance(raised.value, REFUSALS) or ACTION_PROHIBITED in str(raised.value)
        assert key[Attribute.EXTRACTABLE] is False
        assert key[Attribute.SENSITIVE] is True


def test_the_unwrap_template_cannot_be_taken_away(hsm: Pkcs11Hsm) -> None:
    login = hsm._lanes._login
    with login.token.open(rw=True, attribute_mapper=TemplateMapper()) as session:
        domain_key = session.get_key(object_class=ObjectClass.SECRET_KEY, label=DOMAIN_KEY)
        for template in ({}, {Attribute.EXTRACTABLE: True}):
            with pytest.raises(pkcs11.PKCS11Error, match=ACTION_PROHIBITED):
                domain_key[Attribute.UNWRAP_TEMPLATE] = template


def test_the_domain_key_only_wraps(hsm: Pkcs11Hsm) -> None:
    with raw(hsm) as find:
        domain_key, mac_key = find(DOMAIN_KEY), find(MAC_KEY)
        may = (Attribute.ENCRYPT, Attribute.DECRYPT, Attribute.SIGN, Attribute.VERIFY, Attribute.DERIVE)
        assert [domain_key[each] for each in may] == [False] * 5
        assert (domain_key[Attribute.WRAP], domain_key[Attribute.UNWRAP]) == (True, True)
        assert [mac_key[each] for each in may] == [False, False, True, False, False]
        assert (mac_key[Attribute.WRAP], mac_key[Attribute.UNWRAP]) == (False, False)
        # made in the token, and never outside it
        assert [domain_key[Attribute.LOCAL], domain_key[Attribute.NEVER_EXTRACTABLE]] == [True, True]
