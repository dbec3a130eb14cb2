"""The section of a denial's text about what came closest, and what would allow the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.explain.explanation import Element, Side
from policy_engine.explain.shown import Style, home, place, shown, title
from policy_engine.explain.snippet import snippet
from policy_engine.explain.wording import unmet_words
from policy_engine.graph.principals import PrincipalMatch
from policy_engine.model.decision import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.explain.explanation import Check, CheckedRow, Explanation, Fix, Miss
    from policy_engine.explain.shown import Paint

_LABEL = 14
_MOST_FIXES = 5
_MOST_HELD = 3
_NOTHING = "no statement and no grant comes close"


def miss_lines(explanation: Explanation, width: int, paint: Paint) -> Iterator[str]:
    """The lines of a denial's misses and fixes; none for what is allowed."""
    misses = explanation.misses
    if explanation.decision.allowed:
        return
    if explanation.decision.outcome is Outcome.IMPLICIT_DENY:
        yield from _held(explanation.held, paint)
        yield ""
        if not misses:
            yield "no other statement and no grant comes close" if explanation.held else _NOTHING
            return
        yield from _closest(misses[0], width, paint)
        yield from _others(misses)
    yield from _fixes(misses, paint)


def _held(rows: tuple[CheckedRow, ...], paint: Paint) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield paint("holds, but is not enough", Style.STRONG)
    for row in rows[:_MOST_HELD]:
        where = f"{place(row.origin.span)}  {title(row.origin)}  {home(row)}".strip()
        yield f"   {paint('✔', Style.GOOD)} {where}{_delegation(row)}"
    if len(rows) > _MOST_HELD:
        yield f"   and {len(rows) - _MOST_HELD} more"


def _delegation(row: CheckedRow) -> str:
    delegates = row.match is PrincipalMatch.DELEGATED
    return "   (delegates to IAM: an identity policy must allow as well)" if delegates else ""


def _closest(miss: Miss, width: int, paint: Paint) -> Iterator[str]:
    row = miss.row
    head = f"{place(row.origin.span)}  {title(row.origin)}  {home(row)}".strip()
    yield f"{paint('closest miss'.ljust(_LABEL), Style.STRONG)} {_away(miss.distance)}"
    yield f"  {paint('-->', Style.PLACE)} {head}"
    for check in row.unmet:
        yield from _pointed(row, check, width, paint)
    yield f"   {_marks(row, paint)}"
    for other in miss.others:
        words = "; ".join(unmet_words(check) for check in other.unmet)
        yield f"   and {place(other.origin.span)}  {title(other.origin)}: {words}"


def _pointed(row: CheckedRow, check: Check, width: int, paint: Paint) -> Iterator[str]:
    """A snippet under the unmet check; a grant has its words without one."""
    words = unmet_words(check)
    if check.span is None or row.is_grant:
        yield f"   {paint(words, Style.BAD)}"
    else:
        yield from snippet(check.span, words, width=width, paint=paint)
    if check.note:
        yield f"   = note: {shown(check.note)}"


def _away(distance: int) -> str:
    return f"{distance} check{'' if distance == 1 else 's'} away"


def _marks(row: CheckedRow, paint: Paint) -> str:
    """`✔ principal  ✔ action  ✘ condition 1/2`."""
    conditions = row.of(Element.CONDITION)
    said = [f"{_mark(c, paint)} {c.element}" for c in row.checks if c.element is not Element.CONDITION]
    said += [
        f"{_mark(check, paint)} condition {number}/{len(conditions)}"
        for number, check in enumerate(conditions, 1)
    ]
    return "  ".join(said)


def _mark(check: Check, paint: Paint) -> str:
    if check.unsettled:
        return paint("?", Style.STRONG)
    return paint("✔", Style.GOOD) if check.met else paint("✘", Style.BAD)


def _others(misses: tuple[Miss, ...]) -> Iterator[str]:
    if len(misses) == 1:
        return
    yield ""
    for index, miss in enumerate(misses[1:]):
        row = miss.row
        label = "also missed" if index == 0 else ""
        words = "; ".join(unmet_words(check) for check in row.unmet)
        yield f"{label:<{_LABEL}} {place(row.origin.span)} {title(row.origin)}: {words}"


def _fixes(misses: tuple[Miss, ...], paint: Paint) -> Iterator[str]:
    found = [fix for miss in misses for fix in miss.fixes]
    # of changes of a policy the closest is enough: each of the others would open another statement
    chosen = [
        *(fix for fix in found if fix.side is Side.REQUEST),
        *[fix for fix in found if fix.side is Side.POLICY][:1],
    ]
    fixes = list(dict.fromkeys(_fix_words(fix) for fix in chosen))[:_MOST_FIXES]
    if not fixes:
        return
    yield ""
    yield paint("to allow it, either" if len(fixes) > 1 else "to allow it", Style.STRONG)
    for number, words in enumerate(fixes, 1):
        yield f"  {number}. {words}"


def _fix_words(fix: Fix) -> str:
    """The change with its place; `change` is safe already."""
    note = f"   ({fix.note})" if fix.note else ""
    where = f"at {place(fix.span)} " if fix.span else ""
    return f"{where}{fix.change}{note}"
