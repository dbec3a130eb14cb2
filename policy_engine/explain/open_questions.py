"""What an undetermined answer depends on: the condition keys and the parts of policies that are not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.conditions.encryption_context import INTERNAL_KEYS
from policy_engine.conditions.opaque import OpaqueTest
from policy_engine.conditions.test import ContextTest
from policy_engine.engine.combination import allowed
from policy_engine.engine.undetermined import left_of
from policy_engine.graph.formula import AllOf, AnyOf, Asked, Held, Path
from policy_engine.graph.nodes import asked_tests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.engine.partial import PartialContext
    from policy_engine.engine.policy_engine import PolicyEngine
    from policy_engine.engine.residuals import Residual
    from policy_engine.graph.formula import Formula
    from policy_engine.graph.tests import Test
    from policy_engine.model.opaque import Opaque
    from policy_engine.model.request import Request


def what_decides(residual: Residual, context: PartialContext) -> tuple[str, ...]:
    """Canonical keys that are not known, then what is not known of policies (`<aws_iam_role.app.arn>`)."""
    formulas = (residual.layers.deny, allowed(residual.relation, residual.layers))
    tests = [test for formula in formulas for test in _tests(left_of(formula, context))]
    keys = {key for test in tests for key in test.keys if context.is_unknown(key)}
    opaque = {str(opaque) for test in tests for opaque in _opaque(test)}
    return (*sorted(keys), *sorted(opaque))


def keys_not_given(engine: PolicyEngine, request: Request) -> tuple[str, ...]:
    """Every condition key that the policies ask about and the request does not have, sorted.

    A family (`kms:EncryptionContext:`) is one of them even where the request has some of its keys: there may
    be more.
    """
    given = engine.context(request.context)
    asked = {key for test in asked_tests(engine.residual(request).node) for key in test.keys}
    return tuple(sorted(key for key in asked if key not in given and key not in INTERNAL_KEYS))


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
