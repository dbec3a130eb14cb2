"""EXPLANATION → TEXT: the verdict first, then the tree of what decided, then what would change it.

One function a section; each gives lines. Colours come from the caller as `paint`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.engine.combination import Relation
from policy_engine.engine.denial import allowed_reason
from policy_engine.explain.near_misses import miss_lines
from policy_engine.explain.shown import (
    Style,
    arn_name,
    caller_name,
    home,
    key_name,
    listed,
    place,
    plain,
    shown,
    title,
)
from policy_engine.explain.wording import element_name, met_words, unmet_words
from policy_engine.model.decision import Outcome
from policy_engine.model.policy import Effect
from policy_engine.model.principal import PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.explain.explanation import CheckedRow, Explanation
    from policy_engine.explain.shown import Paint

_DENIALS = frozenset({Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY})
_LABEL = 17
_GRANT_ID = 40
_ELEMENT = 12
_MOST_DENIES = 3
_MOST_KEYS = 8
_MOST_ROWS = 10
_MOST_TEXT = 500
_VERDICTS = {
    Outcome.ALLOWED: ("ALLOWED", "", Style.GOOD),
    Outcome.EXPLICIT_DENY: ("DENIED", " (explicit: a Deny statement matches)", Style.BAD),
    Outcome.IMPLICIT_DENY: ("DENIED", " (implicit: nothing allows it)", Style.BAD),
    Outcome.UNDETERMINED: ("UNDETERMINED", " (it depends on what is not known)", Style.STRONG),
}
_RECORDED = frozenset({PrincipalKind.USER, PrincipalKind.ROLE, PrincipalKind.ASSUMED_ROLE})


def render(explanation: Explanation, *, width: int = 100, paint: Paint = plain) -> str:
    """The whole text, without a last newline."""
    return "\n".join(_Page(explanation, width, paint).lines())


def oneline(explanation: Explanation) -> str:
    """The verdict and its reason in one line."""
    decision, rests = explanation.decision, [_named(row) for row in explanation.why]
    word, detail, _ = _VERDICTS[decision.outcome]
    reason = allowed_reason(explanation.path) if decision.allowed else shown(decision.reason, _MOST_TEXT)
    if decision.expression is not None:
        reason = f"allowed where {shown(decision.expression, _MOST_TEXT)}"
    return f"{word}{detail}  {_what(explanation)}: {reason}" + (f" [{'; '.join(rests)}]" if rests else "")


def _what(explanation: Explanation) -> str:
    request = explanation.decision.request
    action, key = shown(request.action), key_name(request.resource, explanation.key)
    return f"{action} on {key} for {caller_name(explanation.principal)}"


def _named(row: CheckedRow) -> str:
    return f"{place(row.origin.span)} {title(row.origin)}".strip()


class _Page:
    """The sections of one explanation."""

    def __init__(self, explanation: Explanation, width: int, paint: Paint) -> None:
        self.explanation = explanation
        self.width = width
        self.paint = paint

    def lines(self) -> Iterator[str]:
        """All lines."""
        yield self._verdict()
        yield from self._warnings()
        if self.explanation.decision.outcome is Outcome.IMPLICIT_DENY:
            yield from self._blame()
        yield from self._open()
        yield from self._why()
        yield from miss_lines(self.explanation, self.width, self.paint)
        yield from self._facts()

    def _verdict(self) -> str:
        word, detail, style = _VERDICTS[self.explanation.decision.outcome]
        if self.explanation.path == "grant":
            detail = " by grant"
        return f"{self.paint(word, style)}{detail}  {_what(self.explanation)}   {self._relation()}".rstrip()

    def _relation(self) -> str:
        found = self.explanation
        if found.relation is Relation.SAME_ACCOUNT:
            return self.paint(f"same account {found.principal.account}", Style.FAINT)
        if found.relation in {Relation.CROSS_ACCOUNT, Relation.NOT_ACROSS_ACCOUNTS}:
            arn = parse_arn(found.decision.request.resource)
            owner = shown(arn.account) if arn else "another account"
            return self.paint(f"cross account: {found.principal.account} to {owner}", Style.FAINT)
        return ""

    def _warnings(self) -> Iterator[str]:
        found = self.explanation
        if not found.known_principal and found.principal.kind in _RECORDED:
            who = caller_name(found.principal)
            yield f"note: {who} is in no bundle, so it counts as having no identity policies"
        for diagnostic in found.decision.diagnostics:
            yield f"{self.paint('warning', Style.STRONG)}: {shown(diagnostic.message, 300)}"
        if found.unknown and found.decision.outcome is not Outcome.UNDETERMINED:
            yield f"note: this is the answer whatever {listed(found.unknown, _MOST_KEYS)} may be"

    def _blame(self) -> Iterator[str]:
        _, _, because = self.explanation.decision.reason.partition(" because ")
        if because:
            yield f"because {shown(because)}"

    def _open(self) -> Iterator[str]:
        """What an undetermined answer depends on."""
        found = self.explanation
        if found.decision.expression is None:
            return
        yield ""
        yield _labelled("allowed where", shown(found.decision.expression, _MOST_TEXT))
        yield _labelled("not known", listed(found.not_known, _MOST_KEYS))
        for row in found.depends_on[:_MOST_ROWS]:
            words = "; ".join(unmet_words(check) for check in row.unmet)
            yield f"   {self.paint('?', Style.STRONG)} {_named(row)}  {row.effect}: {words}"
        if len(found.depends_on) > _MOST_ROWS:
            yield f"     and {len(found.depends_on) - _MOST_ROWS} more"

    def _why(self) -> Iterator[str]:
        found = self.explanation
        if not found.why:
            return
        yield ""
        yield self.paint("why", Style.STRONG)
        allowed = found.decision.allowed
        yield f"└─ {allowed_reason(found.path) if allowed else 'a Deny wins over whatever allows'}"
        rows = found.why[:_MOST_ROWS]
        for index, row in enumerate(rows):
            last = index + 1 == len(rows)
            yield from self._row(row, "   └─ " if last else "   ├─ ", "      " if last else "   │  ")
        if len(found.why) > len(rows):
            yield f"      and {len(found.why) - len(rows)} more"
        if not allowed:
            yield from self._without_denies()

    def _without_denies(self) -> Iterator[str]:
        but_for = self.explanation.allowed_but_for_denies
        yield ""
        yield _labelled(
            "without it",
            "the request would be allowed"
            if but_for
            else "the request would still be denied: nothing allows it",
        )

    def _row(self, row: CheckedRow, branch: str, stem: str) -> Iterator[str]:
        bad = row.effect is Effect.DENY
        mark = self.paint("✘" if bad else "✔", Style.BAD if bad else Style.GOOD)
        where = f"{self.paint(place(row.origin.span), Style.PLACE)}  " if row.origin.span else ""
        effect = "" if row.is_grant else f"  {row.effect}   ({home(row)})"
        yield f"{branch}{mark} {where}{title(row.origin)}{effect}"
        for check in row.checks:
            yield f"{stem}   {element_name(row, check):<{_ELEMENT}}{met_words(row, check)}"

    def _facts(self) -> Iterator[str]:
        yield ""
        yield from self._grant_facts()
        yield self._denies()
        if not_needed := self._not_needed():
            yield _labelled("not needed", not_needed)
        if missing := self.explanation.decision.missing_context_keys:
            yield _labelled("not in request", f"{listed(missing, _MOST_KEYS)}   (statements ask about it)")
        if state := self._state():
            yield _labelled("state", state)
        yield from self._too_narrow()
        if self.explanation.decision.outcome in _DENIALS:
            yield _labelled("API error", "AccessDeniedException")

    def _too_narrow(self) -> Iterator[str]:
        """Grants that allow to make grants, but not this one."""
        found = self.explanation
        asked = found.decision.request.grant is not None
        why = (
            "the grant to be made is wider" if asked else "the request does not say which grant is to be made"
        )
        for grant in found.too_narrow[:_MOST_ROWS]:
            yield _labelled("not wide enough", f"grant {shown(grant.grant_id, _GRANT_ID)}: {why}")

    def _grant_facts(self) -> Iterator[str]:
        found = self.explanation
        if found.path != "grant":
            return
        answers = {True: "yes", False: "no"}
        key, iam = answers[found.key_policy_alone], answers[found.iam_alone]
        yield _labelled("without grant", f"key policy alone {key}, IAM alone {iam}")
        for row in found.why:
            retiring = getattr(row.row, "grant", None)
            if retiring is not None and retiring.retiring_principal:
                who = arn_name(retiring.retiring_principal)
                yield _labelled("can be ended by", f"RevokeGrant, or RetireGrant by {who}")

    def _denies(self) -> str:
        found = self.explanation
        count, near = found.considered.denies, found.near_denies
        if found.decision.outcome is Outcome.EXPLICIT_DENY:
            return _labelled("denies", f"{len(found.why)} of {_count(count, 'Deny statement')} matched")
        if found.decision.outcome is Outcome.UNDETERMINED:
            open_ones = sum(row.effect is Effect.DENY for row in found.depends_on)
            return _labelled("denies", f"{open_ones} of {_count(count, 'Deny statement')} may match")
        if not count:
            return _labelled("no deny matched", "there is no Deny statement")
        said = "; ".join(_near_deny(row) for row in near[:_MOST_DENIES])
        more = f"; and {len(near) - _MOST_DENIES} more" if len(near) > _MOST_DENIES else ""
        return _labelled(
            "no deny matched",
            f"{_count(count, 'Deny statement')} looked at" + (f" ({said}{more})" if said else ""),
        )

    def _not_needed(self) -> str:
        found = self.explanation
        if not found.decision.allowed or found.path == "grant":
            return ""
        return _count(found.considered.grants, "grant") if found.considered.grants else ""

    def _state(self) -> str:
        key = self.explanation.key
        if key is None:
            return ""
        state = key.key_state
        parts = [f"key {shown(state)}" if state else "", shown(key.key_spec or "")]
        said = ", ".join(part for part in parts if part)
        if state and state != "Enabled":
            said += "   (policies decide first; then the call fails because of the key's state)"
        return said


def _near_deny(row: CheckedRow) -> str:
    check = next(c for c in row.unmet if not c.unsettled)
    absent = f"{shown(check.key or '')} is absent" if not check.got else unmet_words(check)
    return f"{_named(row)}: {check.operator} {absent}, so it does not apply"


def _labelled(label: str, text: str) -> str:
    return f"{label:<{_LABEL}} {text}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
