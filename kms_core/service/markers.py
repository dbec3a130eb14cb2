"""Page markers that only this service makes: a place in a list, with a MAC over it and the list.

    marker    MAC (16 bytes), place; in the URL's base64

Like a grant token a marker is genuine or it is none; unlike one it is kept nowhere, so that its MAC must say
so: HMAC-SHA-256, cut, over the list and the place, by a key that the token derives for every process on it. A
marker is no secret and gives no permission: whoever presents one may list, or is refused first.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import threading
from typing import TYPE_CHECKING, Final

from kms_core.errors import InvalidMarkerError
from kms_core.hsm.protocol import MARKERS_ACTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kms_core.gate import Gate
    from kms_core.hsm import Hsm

_MAC_BYTES: Final = 16


class Markers:
    """Makes markers, and reads its own."""

    def __init__(self, gate: Gate, hsm: Hsm) -> None:
        self._gate = gate
        self._hsm = hsm
        self._guard = threading.Lock()
        self._derived = b""

    def make(self, of: Sequence[str], place: str) -> str:
        """The marker of a place in a list; `of` says which list that is."""
        text = place.encode()
        covered = b"".join(len(each).to_bytes(4) + each for each in (*(name.encode() for name in of), text))
        mac = hmac.digest(self._key(), covered, "sha256")[:_MAC_BYTES]
        return base64.urlsafe_b64encode(mac + text).decode("ascii")

    def read(self, of: Sequence[str], marker: str) -> str:
        """The place that a marker of this list says.

        Raises:
            InvalidMarkerError: it was made for another list, or not here.
        """
        try:
            place = base64.urlsafe_b64decode(marker.encode("ascii"))[_MAC_BYTES:].decode()
        except (ValueError, binascii.Error):
            raise InvalidMarkerError("the marker is not valid here") from None
        # a marker has one form only: what is read, written again, is the same
        if not hmac.compare_digest(self.make(of, place), marker):
            raise InvalidMarkerError("the marker is not valid here")
        return place

    def _key(self) -> bytes:
        with self._guard:
            if not self._derived:
                with self._gate.serve("kmsgate", MARKERS_ACTION, "the key of page markers") as permit:
                    self._derived = self._hsm.marker_key(permit)
            return self._derived
