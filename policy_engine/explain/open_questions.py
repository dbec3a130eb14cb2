"""What an undetermined answer depends on: the condition keys and the parts of policies that are not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.conditions.opaque import OpaqueTest
from policy_engine.conditions.test import ContextTest
from policy_engine.engine.combination import allowed
from policy_engine.engine.undetermined import left_of
from policy_engine.graph.formula import AllOf, AnyOf, Asked, Held, Path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.engine.partial import PartialContext
    from policy_engine.engine.residuals import Residual
    from policy_engine.graph.formula import Formula
    from policy_engine.graph.tests import Test
    from policy_engine.model.opaque import Opaque


def what_decides(residual: Residual, context: PartialContext) -> tuple[str, ...]:
    """Canonical keys that are not known, then what is not known of policies (`<aws_iam_role.app.arn>`)."""
    formulas = (residual.layers.deny, allowed(residual.relation, residual.layers))
    tests = [test for formula in formulas for test in _tests(left_of(formula, context))]
    keys = {key for test in tests for key in test.keys if context.is_unknown(key)}
    opaque = {str(opaque) for test in tests for opaque in _opaque(test)}
    return (*sorted(keys), *sorted(opaque))


def _tests(formula: Formula) -> Iterator[Test]:
    match formula:
        case Asked(test):
            yield test
        case Held(_, part) | Path(_, part):
            yield from _tests(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _tests(part)


def _opaque(test: Test) -> Iterator[Opaque]:
    if isinstance(test, OpaqueTest):
        yield test.opaque
    elif isinstance(test, ContextTest):
        yield from (value.opaque for value in test.condition.values if value.opaque is not None)
