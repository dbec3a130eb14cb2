"""The rows by which a grant may be retired, kept with their checks (semantics rule 47).

They stand in no layer of their own: the engine makes them from the grant in question. Which grants, and what
their rows are, is the engine's own (engine.retirement, graph.lowering); here nothing is dropped that fails.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy_engine.engine.situation import RETIRE_GRANT
from policy_engine.graph.formula import NEVER, any_of, rows_formula
from policy_engine.graph.lowering import lower_retirement
from policy_engine.graph.principals import PrincipalMatch
from policy_engine.model.facts import Facts

if TYPE_CHECKING:
    from policy_engine.engine.combination import Retiring
    from policy_engine.engine.situation import Situation
    from policy_engine.explain.ways import RowKeeper

_NO_FACTS = Facts({}, (), {})


def retiring_rows(situation: Situation, keeper: RowKeeper, decided: Retiring) -> Retiring:
    """Who may retire the grant in question, as the engine has it, from rows that keep what fails."""
    if situation.action != RETIRE_GRANT or situation.key is None:
        return decided
    rows = [row for grant in situation.grants_in_question for row in lower_retirement(grant)]
    kept = tuple(keeper.grants(rows, situation.target, _NO_FACTS))
    free, capped = (
        rows_formula(tuple(row for row in kept if row.match is match))
        for match in (PrincipalMatch.NAMED, PrincipalMatch.DIRECT)
    )
    if not situation.options.caps_limit_grants:
        free, capped = any_of(free, capped), NEVER
    return replace(decided, free=free, capped=capped)
