"""The test that is left of a Resource element whose policy variables the context decides."""

from __future__ import annotations

from policy_engine.calls.principals import parse_principal
from policy_engine.graph.resources import ResourceTest, ResourceVariableTest
from policy_engine.model.policy import PolicyKind
from tests.engine.world import KEY, ROLE, allow, policy

PATTERN = KEY.replace("us-east-1", "${aws:RequestedRegion}").replace("1234abcd", "${aws:RequestTag/x}")
APP = parse_principal(ROLE + "app")


def resources() -> ResourceTest:
    read = policy(allow(Resource=PATTERN), kind=PolicyKind.IDENTITY)
    return ResourceTest(read.statements[0].resource, PolicyKind.IDENTITY)


def left(of: ResourceTest, resource: str = KEY, **bound: str) -> ResourceVariableTest:
    bindings = {"aws:RequestedRegion": "us-east-1", **bound}
    return ResourceVariableTest(of, resource, "kms:decrypt", APP, bindings)


def test_it_reads_what_is_not_bound() -> None:
    test = left(resources())
    assert (test.key, test.keys, test.is_opaque) == ("aws:RequestTag/x", ("aws:RequestTag/x",), False)
    assert repr(test) == f"<Resource {[PATTERN]}>"


def test_what_is_bound_wins_over_the_context() -> None:
    test = left(resources())
    assert test.holds({"aws:RequestTag/x": "1234abcd", "aws:RequestedRegion": "eu-west-1"})
    assert not test.holds({"aws:RequestTag/x": "abcd1234"})
    assert not test.holds({})


def test_another_question_is_another_identity() -> None:
    one, other = resources(), resources()
    assert left(one).identity == left(one).identity
    others = [left(other), left(one, "*"), left(one, **{"aws:RequestedRegion": "eu-west-1"})]
    assert left(one).identity not in [test.identity for test in others]
