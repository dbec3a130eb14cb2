"""How an unwrap template is packed: what a domain key forces upon every key that it unwraps.

With it not even the PIN's holder can bring a stored key back as an extractable one. The binding has no packer
for an attribute that is an array of attributes. Truth: PKCS #11 v2.40 Base Specification, section 4.8.2
(CKA_UNWRAP_TEMPLATE) and CK_ATTRIBUTE.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, ClassVar, Final

from pkcs11 import Attribute
from pkcs11.attributes import AttributeMapper

if TYPE_CHECKING:
    from collections.abc import Mapping

UNWRAPPED: Final[Mapping[Attribute, bool]] = {
    Attribute.EXTRACTABLE: False,
    Attribute.SENSITIVE: True,
    Attribute.TOKEN: False,
}
"""What a key is once it was unwrapped: it cannot leave, cannot be read, and is gone with its session."""


class _Attribute(ctypes.Structure):
    """CK_ATTRIBUTE."""

    _fields_: ClassVar = [("type", ctypes.c_ulong), ("value", ctypes.c_void_p), ("length", ctypes.c_ulong)]


class TemplateMapper(AttributeMapper):
    """The binding's packing of attributes, and templates of yes-or-no attributes.

    A packed template points to memory that this object holds: keep it until the call has returned.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: list[ctypes.Array[ctypes.c_char]] = []
        self.register_handler(Attribute.UNWRAP_TEMPLATE, self._pack, bytes)

    def _pack(self, template: Mapping[Attribute, bool]) -> bytes:
        packed = (_Attribute * len(template))()
        for place, (attribute, value) in enumerate(template.items()):
            held = ctypes.create_string_buffer(bytes([value]), 1)
            self._held.append(held)
            packed[place] = _Attribute(int(attribute), ctypes.addressof(held), 1)
        return bytes(packed)
