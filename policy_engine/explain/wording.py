"""CHECK → WORDS: what a row lists and what the request has, in a line.

Two tables: how an element is said where it is met, and where it is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.explain.explanation import Element
from policy_engine.explain.shown import arn_name, listed, quoted, shown
from policy_engine.graph.rows import GrantRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.explain.explanation import Check, CheckedRow

_OF_STATEMENT = {
    Element.PRINCIPAL: "Principal",
    Element.ACTION: "Action",
    Element.RESOURCE: "Resource",
    Element.CONDITION: "Condition",
    Element.TOKEN: "Token",
}
_OF_GRANT = {
    **_OF_STATEMENT,
    Element.ACTION: "Operations",
    Element.CONDITION: "Constraint",
}
_GRANT_ONLY = frozenset({"EncryptionContextEquals", "EncryptionContextSubset"})


def element_name(row: CheckedRow, check: Check) -> str:
    """`Principal`, `NotAction`, `Constraint`: the element as the row calls it."""
    if isinstance(row.row, GrantRow) and check.element is Element.PRINCIPAL:
        return "Grantee" if check.wanted == (row.row.grant.grantee_principal,) else "Retiring"
    name = (_OF_GRANT if row.is_grant else _OF_STATEMENT)[check.element]
    return f"Not{name}" if check.negated else name


def asked(check: Check) -> str:
    """What a condition asks: `StringEquals kms:ViaService = "s3.us-east-1.amazonaws.com"`."""
    if check.operator is None:
        return f"the statement, by {listed(check.wanted)}"
    if check.operator in _GRANT_ONLY:
        return f"{check.operator} {{{listed(check.wanted)}}}"
    return f"{check.operator} {shown(check.key or '')} = {quoted(check.wanted) or 'no value'}"


def given(check: Check) -> str:
    """What the request has for a condition."""
    if check.operator in _GRANT_ONLY:
        return f"{{{listed(check.got)}}}"
    return quoted(check.got) or "absent"


def met_words(row: CheckedRow, check: Check) -> str:
    """A check that holds, in a line."""
    return _MET[check.element](row, check)


def unmet_words(check: Check) -> str:
    """A check that fails or may fail, in a line."""
    return _unsettled(check) if check.unsettled else _UNMET[check.element](check)


def _unsettled(check: Check) -> str:
    """A check whose answer depends on what is not known."""
    asks = asked(check) if check.element is Element.CONDITION else f"{check.element} {listed(check.wanted)}"
    return f"{asks}: not known"


def _covered(row: CheckedRow, check: Check) -> str:
    del row
    got = listed(check.got)
    if check.negated:
        return f"{listed(check.wanted)}  does not list {got}"
    by = shown(check.by or listed(check.wanted))
    return by if by == got else f"{by}  ⊇ {got}"


def _principal_met(row: CheckedRow, check: Check) -> str:
    del row
    if check.negated:
        return f"{listed(check.wanted)}  does not list {arn_name(check.got[0])}"
    return f"{shown(check.by or listed(check.wanted))}  {check.note or ''}".rstrip()


def _resource_met(row: CheckedRow, check: Check) -> str:
    if check.by == "*":
        return "*  (this key)" if row.origin.layer == "key" else "*"
    return _covered(row, check)


def _action_met(row: CheckedRow, check: Check) -> str:
    return f"{listed(check.wanted)}  ∋ {listed(check.got)}" if row.is_grant else _covered(row, check)


def _condition_met(row: CheckedRow, check: Check) -> str:
    del row
    return f"{asked(check)}   request: {given(check)} ✔"


def _token_met(row: CheckedRow, check: Check) -> str:
    del row, check
    return "presented and valid for this grant, which is not visible everywhere yet"


_MET: dict[Element, Callable[[CheckedRow, Check], str]] = {
    Element.PRINCIPAL: _principal_met,
    Element.ACTION: _action_met,
    Element.RESOURCE: _resource_met,
    Element.CONDITION: _condition_met,
    Element.TOKEN: _token_met,
}


def _principal_unmet(check: Check) -> str:
    who = shown(check.got[0])
    return f"{who} is exempt" if check.negated else f"does not name {who}"


def _action_unmet(check: Check) -> str:
    got = shown(check.got[0])
    if check.negated:
        return f"excludes {got}"
    return f"has no {got} (has {listed(check.wanted)})" if check.wanted else f"has no {got}"


def _resource_unmet(check: Check) -> str:
    got = arn_name(check.got[0])
    return f"excludes {got}" if check.negated else f"does not cover {got}"


def _condition_unmet(check: Check) -> str:
    if check.operator in _GRANT_ONLY:
        return f"{asked(check)}; the request has {given(check)}"
    has = f"the request has {quoted(check.got)}" if check.got else f"the request has no {_key(check)}"
    return f"{_wants(check)}; {has}"


def _wants(check: Check) -> str:
    operator = check.operator or ""
    if operator.startswith("Null"):
        return f"wants {_key(check)} {'absent' if 'true' in [w.lower() for w in check.wanted] else 'present'}"
    values = quoted(check.wanted) or "a value, but lists none"
    if "Not" in operator:
        return f"wants anything but {values}"
    return f"wants one of {values}" if len(check.wanted) > 1 else f"wants {values}"


def _key(check: Check) -> str:
    key = check.key or ""
    if key.lower().startswith(ENCRYPTION_CONTEXT.lower()):
        return f"`{shown(key[len(ENCRYPTION_CONTEXT) :])}` in its encryption context"
    return shown(key)


def _token_unmet(check: Check) -> str:
    return "wants the grant's token; the request presents " + ("another" if check.got else "none")


_UNMET: dict[Element, Callable[[Check], str]] = {
    Element.PRINCIPAL: _principal_unmet,
    Element.ACTION: _action_unmet,
    Element.RESOURCE: _resource_unmet,
    Element.CONDITION: _condition_unmet,
    Element.TOKEN: _token_unmet,
}
