"""The exceptions of the engine, and the diagnostics they are made of.

Every fault that a user can cause says where (span), what (message) and how to mend it (help). A strict
caller gets it raised; lint collects the same diagnostics instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.span import Span


class Severity(StrEnum):
    """How much a diagnostic weighs: an error refuses the text, the others let it load."""

    ERROR = "error"
    SECURITY = "security"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to say about a text.

    `code` is a stable kebab-case name (``duplicate-key``); `related` holds other places that matter, each
    with a sentence.
    """

    code: str
    message: str
    span: Span | None = None
    help: str | None = None
    severity: Severity = Severity.ERROR
    related: tuple[tuple[Span, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.span}: {self.message}" if self.span else self.message


class PolicyEngineError(Exception):
    """Root of the engine's exceptions; never raised itself."""


class _DiagnosticError(PolicyEngineError):
    """An exception about one diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic

    @property
    def span(self) -> Span | None:
        """Where the fault stands."""
        return self.diagnostic.span

    @property
    def help(self) -> str | None:
        """How to mend it."""
        return self.diagnostic.help


class PolicySyntaxError(_DiagnosticError):
    """A text is not what its grammar says: not strict JSON, too deep, too large, a bad pattern."""


class PolicySchemaError(_DiagnosticError):
    """A text is well-formed, but it is not a policy: an unknown element, a wrong type, a missing part."""


class BundleError(PolicyEngineError):
    """What was to be loaded cannot be used; carries every diagnostic that was found."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = next((d for d in self.diagnostics if d.severity is Severity.ERROR), None)
        super().__init__(str(first) if first else "nothing to load")


class RequestError(PolicyEngineError):
    """A request is not well-formed: a principal that is no ARN, a context value of a wrong type."""

    def __init__(self, message: str, *, help: str | None = None) -> None:  # noqa: A002 - the field's name
        super().__init__(message)
        self.help = help


class EvaluationError(PolicyEngineError):
    """An internal fault while evaluating; the request that met it is denied."""
