"""A rule's docstring → its parts, its text for the terminal, and its page in docs/rules.

A rule's module docstring is one line, then four parts, each with its name and a colon on a line of its own
and its text indented: What, Why, Bad and Good. The last two are whole JSON texts: a test lints them.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.lint.severity import MEANING

if TYPE_CHECKING:
    from policy_engine.lint.rule import Rule

_PARTS = ("What", "Why", "Bad", "Good")


@dataclass(frozen=True, slots=True)
class Documentation:
    """The parts of a rule's documentation."""

    what: str
    why: str
    bad: str
    good: str


def documentation(rule: Rule) -> Documentation:
    """The parts of a rule's documentation.

    Raises:
        ValueError: a part is missing, which a test of the rules sees.
    """
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in inspect.cleandoc(rule.docs).splitlines():
        if line.removesuffix(":") in _PARTS and line.endswith(":"):
            current = found.setdefault(line.removesuffix(":"), [])
        else:
            current.append(line)
    if set(found) != set(_PARTS):
        raise ValueError(f"the documentation of {rule.id} has the parts {', '.join(found)}")
    return Documentation(*(inspect.cleandoc("\n" + "\n".join(found[part])) for part in _PARTS))


def as_text(rule: Rule) -> str:
    """A rule's documentation for the terminal."""
    parts = documentation(rule)
    return "\n".join(
        (
            f"{rule.id} {rule.name}: {rule.summary}",
            f"{rule.severity} ({MEANING[rule.severity]}), looks at: {', '.join(rule.where)}",
            "",
            parts.what,
            "",
            parts.why,
            "",
            "Bad:",
            *_indented(parts.bad),
            "",
            "Good:",
            *_indented(parts.good),
        )
    )


def _indented(text: str) -> list[str]:
    return [f"    {line}".rstrip() for line in text.splitlines()]


def as_data(rule: Rule) -> dict[str, object]:
    """A rule's documentation as plain data."""
    parts = documentation(rule)
    return {
        "id": rule.id,
        "name": rule.name,
        "severity": rule.severity.value,
        "summary": rule.summary,
        "where": [where.value for where in rule.where],
        "what": parts.what,
        "why": parts.why,
        "bad": parts.bad,
        "good": parts.good,
    }


def as_markdown(rule: Rule) -> str:
    """A rule's page."""
    parts = documentation(rule)
    return f"""# {rule.id} {rule.name}

{rule.summary[0].upper()}{rule.summary[1:]}.

| severity | looks at |
| --- | --- |
| {rule.severity}: {MEANING[rule.severity]} | {", ".join(rule.where)} |

{parts.what}

## Why

{parts.why}

## Bad

```json
{parts.bad}
```

## Good

```json
{parts.good}
```
"""
