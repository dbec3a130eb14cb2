"""The random cases are worth comparing: none is refused, and every outcome and path comes about often enough."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.differential.cases import cases
from tests.reference.evaluate import evaluate

if TYPE_CHECKING:
    from tests.reference.evaluate import Result

SAMPLE = 600


@cache
def sample() -> list[tuple[dict[str, Any], Result]]:
    """Cases with their answers; always the same ones."""
    found: list[tuple[dict[str, Any], Result]] = []

    @settings(
        max_examples=SAMPLE,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def collect(case: dict[str, Any]) -> None:
        found.append((case, evaluate(case)))  # a policy that must be refused would raise here

    collect()
    return found
