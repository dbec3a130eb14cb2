"""Scenario files: reads them, runs their cases, and compares what came out with what was expected.

A case is put to an engine made of its own policies, or of the bundle that its file names. The pieces: forms
(scenario_form), the case's world (scenario_world), and here the run and the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.bundle.request_form import read_request
from policy_engine.bundle.scenario_file import Case, case_of, load_scenarios
from policy_engine.bundle.scenario_world import world_of
from policy_engine.engine.policy_engine import PolicyEngine
from policy_engine.errors import BundleError, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy_engine.bundle.request_form import AskedRequest
    from policy_engine.bundle.scenario_form import CaseForm, ExpectForm
    from policy_engine.engine.residuals import Residual
    from policy_engine.model.bundle import Bundle
    from policy_engine.model.decision import Decision, Origin

__all__ = ["Case", "CaseResult", "Verdict", "case_of", "check_case", "load_scenarios", "run_case"]

INVALID = "invalid"
"""The outcome of a case with a policy that cannot be read."""
INVALID_REQUEST = "invalid-request"
"""The outcome of a case whose request is none; no case can expect it."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came out of a case.

    Attributes:
        outcome: an `Outcome`'s value, or `invalid`, `invalid-request`.
        determining: the labels of what decided.
        error: why there is no decision.
        decision: the decision, where there is one.
        names: for each of `determining` all the spellings that a case may use.
        bundle: what was decided from.
        unknown: condition keys whose values are not known.
    """

    outcome: str
    determining: tuple[str, ...] = ()
    error: str | None = None
    decision: Decision | None = None
    names: tuple[frozenset[str], ...] = ()
    bundle: Bundle | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a case passed: `expected` and `actual` are outcomes, `error` says what differs."""

    passed: bool
    expected: str | None
    actual: str
    error: str | None = None


def run_case(case: Case | Mapping[str, object], *, bundle: Bundle | None = None) -> CaseResult:
    """Run a case.

    Args:
        case: a case of a file, or a case as plain data.
        bundle: what to decide from where the case has no policies; else the bundle that its file names.

    Raises:
        BundleError: plain data that is no case, or a bundle that cannot be loaded.
    """
    if not isinstance(case, Case):
        case = case_of(case)
    if case.form is None:
        return CaseResult(INVALID, error=str(case.fault))
    try:
        asked = read_request(case.form.request)
        world = world_of(case, asked.request, bundle)
        world = replace(world, diagnostics=(*world.diagnostics, *asked.diagnostics))
        return _decide(asked, PolicyEngine(world, options=case.form.options.options()), world)
    except RequestError as error:
        return CaseResult(INVALID_REQUEST, error=str(error))
    except BundleError as error:
        return CaseResult(INVALID, error=str(error))


def check_case(case: Case, *, bundle: Bundle | None = None) -> Verdict:
    """Run a case and compare; a case that cannot be read has failed."""
    if case.form is None:
        return Verdict(passed=False, expected=None, actual=INVALID, error=str(case.fault))
    expect = case.form.expect
    result = run_case(case, bundle=bundle)
    if result.outcome != expect.outcome:
        return _failed(case.form, result, result.error or _reason(result))
    error = _other_rows(expect, result) or _other_expression(expect, result)
    if error is not None:
        return _failed(case.form, result, error)
    return Verdict(passed=True, expected=expect.outcome, actual=result.outcome)


def _other_rows(expect: ExpectForm, result: CaseResult) -> str | None:
    if expect.determining is None or _same(expect.determining, result):
        return None
    wanted, found = ", ".join(expect.determining), ", ".join(result.determining)
    return f"expected to be determined by [{wanted}], and was by [{found}]"


def _other_expression(expect: ExpectForm, result: CaseResult) -> str | None:
    found = result.decision.expression if result.decision is not None else None
    if expect.expression is None or expect.expression == found:
        return None
    return f"expected to depend on `{expect.expression}`, and depends on `{found}`"


def _failed(form: CaseForm, result: CaseResult, error: str | None) -> Verdict:
    return Verdict(passed=False, expected=form.expect.outcome, actual=result.outcome, error=error)


def _decide(asked: AskedRequest, engine: PolicyEngine, world: Bundle) -> CaseResult:
    decision = engine.authorize(asked.request, unknown=asked.unknown)
    rows = tuple(_origins(engine.residual(asked.request)))
    return CaseResult(
        outcome=decision.outcome.value,
        determining=tuple(origin.label for origin in decision.determining),
        decision=decision,
        names=tuple(_names(origin, rows) for origin in decision.determining),
        bundle=world,
        unknown=asked.unknown,
    )


def _origins(residual: Residual) -> Iterator[Origin]:
    """The origins of all statements that a request is put to."""
    situation = residual.situation
    caller, ceilings = situation.caller, situation.ceilings
    layers = [
        situation.key.rows if situation.key else (),
        caller.identity,
        caller.boundary or (),
        caller.session or (),
        ceilings.rcps,
        *ceilings.scps,
        *(endpoint.rows for endpoint in ceilings.endpoints),
    ]
    return (row.origin for rows in layers for row in rows)


def _names(origin: Origin, rows: tuple[Origin, ...]) -> frozenset[str]:
    """The spellings of an origin: its label, and with its Sid where that is unique in its policy."""
    alike = [
        row
        for row in rows
        if (row.layer, row.document, row.sid) == (origin.layer, origin.document, origin.sid)
    ]
    if origin.grant_id is not None or origin.sid is None or len(alike) != 1:
        return frozenset({origin.label})
    return frozenset({origin.label, f"{origin.label.rpartition(':')[0]}:{origin.sid}"})


def _same(expected: list[str], result: CaseResult) -> bool:
    """Whether each expected entry names something that decided, and nothing else decided."""
    known = all(any(entry in names for names in result.names) for entry in expected)
    return known and all(not names.isdisjoint(expected) for names in result.names)


def _reason(result: CaseResult) -> str | None:
    if result.decision is None:
        return None
    found = ", ".join(result.determining) or result.decision.expression
    return f"{result.decision.reason} [{found}]" if found else result.decision.reason
