"""What a lint rule is: a record with an id that is never used again, and the ways in which it looks.

A rule looks in one of three ways, or in several: at what reading has found already (`codes`), at one policy
(`check`), or at everything that was loaded (`check_bundle`). Its documentation is its module's docstring.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from policy_engine.errors import Severity
    from policy_engine.lint.subject import Subject
    from policy_engine.model.bundle import Bundle
    from policy_engine.model.policy import PolicyKind
    from policy_engine.model.request import Request
    from policy_engine.span import Span


class Where(StrEnum):
    """What a rule applies to."""

    KEY = "key"
    IDENTITY = "identity"
    GRANT = "grant"
    BUNDLE = "bundle"


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule says about one place.

    Attributes:
        span: the place.
        message: lower-case, one line, without a full stop; the policy's own words in backticks, printable.
        help: how to mend it.
        severity: where it differs from the rule's.
        related: other places that matter, each with a sentence.
        witness: a request that proves it.
    """

    span: Span
    message: str
    help: str | None = None
    severity: Severity | None = None
    related: tuple[tuple[Span, str], ...] = ()
    witness: Request | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A lint rule.

    Attributes:
        id: a letter for the family and three digits.
        name: the same in kebab case, usable wherever the id is.
        severity: what its findings weigh, unless a finding says otherwise.
        summary: one line.
        where: what it applies to.
        docs: the documentation, see `documentation`.
        codes: the diagnostics of reading that it reports; an error among them is an error here.
        mild: what the other diagnostics among them weigh, where that is not what the rule does.
        stricter: the same by kind of policy.
        check: looks at one policy.
        check_bundle: looks at everything together.
    """

    id: str
    name: str
    severity: Severity
    summary: str
    where: tuple[Where, ...]
    docs: str
    codes: tuple[str, ...] = ()
    mild: Severity | None = None
    stricter: Mapping[PolicyKind, Severity] = field(default_factory=dict)
    check: Callable[[Subject], Iterator[Hit]] | None = None
    check_bundle: Callable[[Bundle], Iterator[Hit]] | None = None
