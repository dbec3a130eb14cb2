"""What a policy or a request may say to make a test slow, counted in steps of the interpreter and not in time."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from policy_engine.conditions.test import ContextTest
from policy_engine.graph.resources import ResourceTest
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

SIZE = 400


def steps(action: Callable[[], object]) -> int:
    """The lines that are executed."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - what sys.settrace takes
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def statement(resource: str = "*", **condition: dict[str, str]) -> Any:  # noqa: ANN401 - a statement
    said = {"Effect": "Allow", "Action": "*", "Resource": resource, "Condition": condition}
    return read_policy(json.dumps({"Statement": said}), kind=PolicyKind.IDENTITY).statements[0]


def condition_steps(operator: str, wanted: str, given: str) -> int:
    test = ContextTest(statement(**{operator: {"aws:PrincipalTag/x": wanted}}).conditions[0])
    test.holds({"aws:PrincipalTag/x": "a"})
    return steps(lambda: test.holds({"aws:PrincipalTag/x": given}))


def resource_steps(pattern: str, given: str) -> int:
    resources = ResourceTest(statement(pattern).resource, PolicyKind.IDENTITY)
    resources.covers("arn:aws:kms:r:1:key/a", "kms:decrypt", None)
    return steps(lambda: resources.covers(given, "kms:decrypt", None))


BOMB = "a*" * 1_000 + "b"
ADVERSARIAL: dict[str, Callable[[int], int]] = {
    "a thousand wildcards": lambda n: condition_steps("StringLike", BOMB, "a" * n),
    "question marks": lambda n: condition_steps("StringNotLike", "*" + "?a" * 500, "aa" * n),
    "an ARN of wildcards": lambda n: condition_steps("ArnLike", f"arn:*:*:*:*:{BOMB}", "arn:a:b:c:d:" + "a" * n),
    "colons": lambda n: condition_steps("ArnNotEquals", "arn:a:b:c:d:*:*:*:e", "arn:a:b:c:d" + ":" * n),
    "a resource of wildcards": lambda n: resource_steps(f"arn:aws:kms:*:*:{BOMB}", "arn:aws:kms:r:1:" + "a" * n),
    "digits": lambda n: condition_steps("NumericLessThan", "10", "1" * n),
    "a fraction": lambda n: condition_steps("NumericEquals", "1.5", "1." + "0" * n + "e" + "9" * n),
    "a date of digits": lambda n: condition_steps("DateLessThan", "2026-01-01", "2026-01-01T00:00:00." + "0" * n + "Z"),
    "seconds": lambda n: condition_steps("DateEquals", "0", "9" * n),
    "an address of colons": lambda n: condition_steps("IpAddress", "::/0", ":" * n),
    "an address of dots": lambda n: condition_steps("NotIpAddress", "10.0.0.0/8", "1." * n),
    "base64": lambda n: condition_steps("BinaryEquals", "eA==", "eA" * n),
}  # fmt: skip


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_steps_grow_no_faster_than_what_is_given(name: str) -> None:
    count = ADVERSARIAL[name]
    short, long = count(SIZE), count(4 * SIZE)
    assert long <= 4 * short + 50
    assert long <= 20 * 4 * SIZE + 500
