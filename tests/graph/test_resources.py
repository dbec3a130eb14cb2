"""What Resource elements cover, and the test that is left where the context decides."""

from __future__ import annotations

import pytest

from policy_engine.calls.principals import parse_principal
from policy_engine.graph.resources import (
    LONGEST_RESOURCE,
    ResourceTest,
    ResourceVariableTest,
    _covers_alone,
)
from policy_engine.model.policy import RESOURCE_POLICIES, Effect, PolicyKind
from tests.engine.world import ACCOUNT, KEY, ROLE, allow, policy

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


# pattern, resource → whether it is covered, where an ARN may stop early and where it may not
PATTERNS: list[tuple[str, str, bool, bool]] = [
    ("*", KEY, True, True),
    ("**", "anything", True, True),
    ("", KEY, False, False),
    (KEY, KEY, True, True),
    (KEY, KEY + "0", False, False),
    (KEY.upper(), KEY, False, False),
    ("1234abcd-12ab-34cd-56ef-1234567890ab", KEY, False, False),
    ("arn:aws:kms:*:111122223333:key/*", KEY, True, True),
    ("arn:*:kms:us-east-1:111122223333:key/*", KEY, True, True),
    ("arn:aws:k*:us-east-1:111122223333:key/*", KEY, False, False),
    ("arn:aws:*:us-east-1:111122223333:key/*", KEY, False, False),
    ("arn:aws:?ms:us-east-1:111122223333:key/*", KEY, False, False),
    ("brn:aws:kms:us-east-1:111122223333:key/*", KEY, False, False),
    ("ar?:aws:kms:us-east-1:111122223333:key/*", KEY, False, False),
    ("arn*:kms:us-east-1:111122223333:key/*", KEY, False, False),
    # inside a segment a wildcard stays there; a run that ends one may cross colons
    ("arn:aws:sqs:us-*-1:1:q", "arn:aws:sqs:us-east-1:1:q", True, True),
    ("arn:aws:sqs:us-*t:1:q", "arn:aws:sqs:us-a:t:1:q", False, False),
    ("arn:aws:sqs:us?1:1:q", "arn:aws:sqs:us:1:1:q", False, False),
    ("arn:aws:sqs:us-*:q", "arn:aws:sqs:us-east-1:1:q", False, False),
    ("arn:aws:sqs:*:1:q", "arn:aws:sqs:us-east-1:2:1:q", True, True),
    # in the resource wildcards are free
    ("arn:aws:sqs:us-east-1:1:a*b:c", "arn:aws:sqs:us-east-1:1:a:x:b:c", True, True),
    ("arn:aws:sqs:us-east-1:1:a?c", "arn:aws:sqs:us-east-1:1:a:c", True, True),
    ("arn:aws:sqs:us-east-1:1:a?c", "arn:aws:sqs:us-east-1:1:ac", False, False),
    # what a short ARN leaves out counts as `*`
    ("arn:aws:kms:us-east-1:111122223333", KEY, True, False),
    ("arn:aws:kms:us-east-1", KEY, True, False),
    ("arn:aws:kms", KEY, True, False),
    ("arn:aws:sqs", KEY, False, False),
    ("arn:aws", KEY, False, False),
    ("arn", KEY, False, False),
    ("arn:aws:kms:eu-west-1", KEY, False, False),
]
SHORT = (PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION)


def element_test(pattern: object, kind: PolicyKind, *, negated: bool = False) -> ResourceTest:
    name = "NotResource" if negated else "Resource"
    statement = {"Effect": "Allow", "Action": "*", name: pattern}
    if kind in RESOURCE_POLICIES:
        statement["Principal"] = "*"
    return ResourceTest(policy(statement, kind=kind).statements[0].resource, kind)


@pytest.mark.parametrize("kind", PolicyKind)
def test_what_a_pattern_covers(kind: PolicyKind) -> None:
    for pattern, resource, in_short, in_full in PATTERNS:
        expected = in_short if kind in SHORT else in_full
        assert element_test(pattern, kind).covers(resource, "kms:decrypt", APP) is expected, (
            pattern,
            resource,
        )
        spared = element_test(pattern, kind, negated=True)
        assert spared.covers(resource, "kms:decrypt", APP) is not expected, (pattern, resource)


REGIONAL = [
    ("*", "us-east-1", True),
    (f"arn:aws:kms:us-east-1:{ACCOUNT}:*", "us-east-1", True),
    (f"arn:aws:kms:us-east-1:{ACCOUNT}:*", "eu-west-1", False),
    (f"arn:aws:kms:us-east-1:{ACCOUNT}:*", None, True),
    (f"arn:aws:kms:*:{ACCOUNT}:*", "eu-west-1", True),
    (f"arn:aws:kms:*:{ACCOUNT}", None, True),
    ("arn:aws:kms", "eu-west-1", True),
    ("arn:aws:kms:us-east-1:444455556666:*", None, False),
    ("arn:aws:kms:us-east-1:444455556666:*", "us-east-1", False),
    (f"arn:aws-cn:kms:us-east-1:{ACCOUNT}:*", None, False),
    (f"arn:aws:sqs:us-east-1:{ACCOUNT}:*", None, False),
    (f"arn:aws:kms:us-east-1:{ACCOUNT}:?", None, True),
    (f"arn:aws:kms:us-east-1:{ACCOUNT}:??", None, False),
    (KEY, None, False),
]


@pytest.mark.parametrize("action", ["kms:createkey", "kms:listkeys"])
def test_an_action_without_a_key_is_about_all_that_the_account_has_in_a_region(action: str) -> None:
    for pattern, region, expected in REGIONAL:
        bindings = {} if region is None else {"aws:RequestedRegion": region}
        test = element_test(pattern, PolicyKind.IDENTITY)
        assert test.covers("*", action, APP, bindings) is expected, (pattern, region)
        everywhere = pattern.startswith(("*", "arn:aws:kms:*")) or pattern == "arn:aws:kms"
        assert test.keys("*", action) == (() if everywhere else ("aws:RequestedRegion",)), pattern
        assert test.keys(KEY, "kms:decrypt") == test.keys(KEY, action) == test.keys("*", "kms:decrypt") == ()
        # other actions without a key are about `*` alone
        assert test.covers("*", "kms:generaterandom", APP, bindings) is (pattern == "*")


def test_of_a_long_resource_nothing_is_remembered() -> None:
    test = element_test(f"{KEY[:-1]}*", PolicyKind.IDENTITY)
    longest = KEY.ljust(LONGEST_RESOURCE, "x")
    for resource, is_remembered in ((longest, True), (longest + "x", False)):
        before = _covers_alone.cache_info().misses
        assert test.covers(resource, "kms:decrypt", APP)
        assert test.covers(resource, "kms:decrypt", APP)
        assert _covers_alone.cache_info().misses - before == is_remembered
        assert not test.covers(resource[1:], "kms:decrypt", APP)


def test_what_the_caller_s_account_has_is_nobody_s_where_the_caller_has_none() -> None:
    test = element_test(f"arn:aws:kms:*:{ACCOUNT}:*", PolicyKind.IDENTITY)
    assert not test.covers("*", "kms:createkey", None)
    assert not test.covers("*", "kms:createkey", parse_principal("s3.amazonaws.com"))
    assert test.covers("*", "kms:createkey", APP)
    assert element_test("*", PolicyKind.IDENTITY).covers("*", "kms:createkey", None)


def test_defaults_stand_for_variables_that_the_context_lacks() -> None:
    test = ResourceVariableTest(
        resources(), KEY, "kms:decrypt", APP, {"aws:RequestedRegion": "us-east-1"},
        {"aws:RequestTag/x": "1234abcd", "aws:username": "unused"},
    )  # fmt: skip
    assert test.holds({})
    assert not test.holds({"aws:RequestTag/x": "0"})
    assert test.identity != left(resources()).identity


def test_an_empty_list_covers_nothing_but_for_a_deny_of_all_that_is_not_listed() -> None:
    for negated, effect, expected in (
        (False, Effect.ALLOW, False),
        (False, Effect.DENY, False),
        (True, Effect.ALLOW, False),
        (True, Effect.DENY, True),
    ):
        element = element_test([], PolicyKind.KEY, negated=negated).element
        assert ResourceTest(element, PolicyKind.KEY, effect).covers(KEY, "kms:decrypt", APP) is expected
    assert not ResourceTest(None, PolicyKind.KEY, Effect.DENY).covers(KEY, "kms:decrypt", APP)


def test_not_resource_with_a_variable_that_has_no_value_covers_nothing() -> None:
    test = element_test([KEY + "0", PATTERN], PolicyKind.IDENTITY, negated=True)
    region = {"aws:RequestedRegion": "us-east-1"}
    assert not test.covers(KEY, "kms:decrypt", APP, region)
    assert test.covers(KEY, "kms:decrypt", APP, {**region, "aws:RequestTag/x": "ffffffff"})
    assert not test.covers(KEY, "kms:decrypt", APP, {**region, "aws:RequestTag/x": "1234abcd"})
