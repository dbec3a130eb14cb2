"""How text is to look: coloured or not, and how wide."""

from __future__ import annotations

from dataclasses import dataclass

from policy_engine.errors import Severity

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_BLUE = "\x1b[1;34m"
_BY_SEVERITY = {
    Severity.ERROR: "\x1b[1;31m",
    Severity.SECURITY: "\x1b[1;35m",
    Severity.WARNING: "\x1b[1;33m",
    Severity.NOTE: "\x1b[1;36m",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How text is to look; `width` in columns."""

    colour: bool = False
    width: int = 100

    def severity(self, text: str, severity: Severity) -> str:
        """Text in the colour of a severity."""
        return self._in(text, _BY_SEVERITY[severity])

    def frame(self, text: str) -> str:
        """Text of the frame around what is shown: arrows, line numbers."""
        return self._in(text, _BLUE)

    def strong(self, text: str) -> str:
        """Text that stands out."""
        return self._in(text, _BOLD)

    def _in(self, text: str, code: str) -> str:
        return f"{code}{text}{_RESET}" if self.colour and text else text


PLAIN = Look()
