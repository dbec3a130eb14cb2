"""How findings are ordered by weight, and which of them fail a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

ORDER: tuple[Severity, ...] = (Severity.ERROR, Severity.SECURITY, Severity.WARNING, Severity.NOTE)
"""The heaviest first."""

MEANING: dict[Severity, str] = {
    Severity.ERROR: "AWS rejects it, or it can never work",
    Severity.SECURITY: "it opens access",
    Severity.WARNING: "it is probably not what was meant",
    Severity.NOTE: "worth knowing",
}
"""What each severity says."""


def weighs(severity: Severity, level: Severity) -> bool:
    """Whether a severity is at least as heavy as a level."""
    return ORDER.index(severity) <= ORDER.index(level)


def counts(severities: Iterable[Severity]) -> dict[Severity, int]:
    """How often each severity occurs, the heaviest first, zeros included."""
    found = list(severities)
    return {severity: found.count(severity) for severity in ORDER}
