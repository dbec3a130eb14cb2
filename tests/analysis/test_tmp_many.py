"""The search for a witness, against trying everything, for each family of operators."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine import KeyRecord, Outcome, PolicyEngine, Request
from policy_engine.analysis.witness import find_witness
from policy_engine.model.opaque import Opaque
from policy_engine.model.policy import Effect
from tests.analysis.policies import KEY, allow, deny, policy, role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy_engine.analysis.domains import Value
    from policy_engine.analysis.witness import Search
    from policy_engine.model.condition import Condition

TAG = "aws:PrincipalTag/a"
OTHER_TAG = "aws:PrincipalTag/b"
MANY = "aws:CalledVia"
APP = {"AWS": role("app")}


@dataclass(frozen=True)
class Family:
    """Operators, the values that policies have for them, and what is tried of each key."""

    operators: tuple[str, ...]
    values: tuple[str, ...]
    tried: dict[str, tuple[Value, ...]]

    def contexts(self) -> Iterator[dict[str, Any]]:
        for values in itertools.product(*((None, *tried) for tried in self.tried.values())):
            yield {k: v for k, v in zip(self.tried, values, strict=True) if v is not None}


def _compared(name: str) -> tuple[str, ...]:
    ends = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    return (*(name + end for end in ends), f"{name}LessThanIfExists", f"{name}NotEqualsIfExists")


TEXTS = ("x", "xy", "X", "XY", "xxy", "yx", "xay", "zz", "true", "True", "TRUE", "tx", "false", "*")
ARNS = tuple(
    f"arn:aws:{rest}" for rest in ("s3:::a", "s3:::ab", "s3:r::a", "sns:r:1:a", "sns:r:1:a:b", "s3:::b")
)
SETS = tuple(
    chosen for size in (1, 2, 3) for chosen in itertools.combinations(("x", "xy", "y", "zz", ""), size)
)
FAMILIES = {
    "texts": Family(
        (
            "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase", "Bool", "BoolIfExists",
        ),
        ("x", "XY", "xy", "x*", "*y", "?", "t*", "true", "false"),
        {TAG: TEXTS},
    ),
    "numbers": Family(
        _compared("Numeric"),
        ("1", "2", "1.50", "1.6", "-3e0", "none"),
        {"aws:MultiFactorAuthAge": ("-4", "-3", "0", "1", "1.2", "1.5", "1.55", "1.6", "1.8", "2", "3", "none")},
    ),
    "dates": Family(
        _compared("Date"),
        ("2024-01-01", "2024-01-01T00:00:01Z", "1704067200", "1000", "1969-12-31", "never"),
        {
            "aws:CurrentTime": (
                "0999-01-01", "1000", "1200", "1969-12-31", "1970", "2024", "2024-01-01T00:00:00.5Z",
                "1704067201", "2025", "never",
            )
        },
    ),
    "addresses": Family(
        ("IpAddress", "NotIpAddress", "IpAddressIfExists", "NotIpAddressIfExists"),
        ("10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1", "10.0.0.1/8"),
        {"aws:SourceIp": ("9.9.9.9", "10.0.0.9", "10.1.0.9", "10.9.9.9", "::", "::1", "2001:db8::9", "ff::", "no")},
    ),
    "arns": Family(
        ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLikeIfExists", "StringLike", "StringNotEquals"),
        ("arn:aws:s3:::*", "arn:*:s3:*:*:a", "arn:aws:s*:::a*", "arn:aws:*:*:*:*:b", "arn:aws:s3:::a", "*b", "*"),
        {TAG: (*ARNS, "b", "a")},
    ),
    "bytes": Family(
        ("BinaryEquals", "BinaryEqualsIfExists"),
        ("eA==", "eB==", "eQ==", "x"),
        {TAG: ("eA==", "eQ==", "eg==", "x")},
    ),
    "sets": Family(
        tuple(
            f"{quantifier}:{name}"
            for quantifier in ("ForAnyValue", "ForAllValues")
            for name in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIfExists")
        ),
        ("x", "xy", "x*", "*y", "?", "*", ""),
        {MANY: SETS},
    ),
    "variables": Family(
        ("StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringNotEqualsIfExists"),
        ("x", f"${{{TAG}}}", f"${{{OTHER_TAG}}}", f"${{{OTHER_TAG}, 'y'}}"),
        {TAG: ("x", "y", "z", "w"), OTHER_TAG: ("x", "y", "z", "w")},
    ),
}  # fmt: skip


def blocks(family: Family) -> st.SearchStrategy[dict[str, Any]]:
    values = st.lists(st.sampled_from(family.values), min_size=1, max_size=2)
    keys = st.sampled_from(sorted(family.tried))
    compared = st.dictionaries(
        st.sampled_from(family.operators), st.dictionaries(keys, values, min_size=1), max_size=3
    )
    nulls = st.dictionaries(
        st.just("Null"), st.dictionaries(keys, st.sampled_from(["true", "false"])), max_size=1
    )
    return st.builds(lambda one, other: {**one, **other}, compared, nulls)


def engine_of(*statements: dict[str, Any]) -> PolicyEngine:
    engine = PolicyEngine()
    engine.put_key(KeyRecord(KEY, policy=policy(*statements)))
    return engine


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=3000, deadline=None)
@given(data=st.data())
def test_a_witness_is_found_where_any_context_allows(name: str, data: st.DataObject) -> None:
    family = FAMILIES[name]
    drawn = data.draw(st.lists(st.tuples(st.booleans(), blocks(family)), min_size=1, max_size=4))
    principal = {"AWS": role("app")}
    engine = engine_of(
        *((deny if denies else allow)(Principal=principal, Condition=block) for denies, block in drawn)
    )
    search = find_witness(engine, Request(role("app"), "kms:Decrypt", KEY))
    possible = any(
        engine.decide(role("app"), "kms:Decrypt", KEY, engine.context(context)) is Outcome.ALLOWED
        for context in family.contexts()
    )
    assert search.complete
    if possible:
        assert search.witness is not None
    if search.witness is not None:
        assert engine.authorize(search.witness).allowed


def test_an_empty_text_beside_others_is_a_value() -> None:
    """Alone it counts as no value, so that a Deny on every value that is not empty holds (rule 59)."""
    denied = deny(Principal=APP, Condition={"ForAllValues:StringNotEquals": {MANY: [""]}})
    witness = found(allow(Principal=APP), denied).witness
    assert witness is not None
    assert "" in witness.context[MANY]


def test_what_passes_no_pattern_may_still_have_to_be_an_arn() -> None:
    """A negated Arn operator holds for an ARN only: a text that is none passes neither way (rule 93)."""
    buckets = {TAG: "arn:aws:s3:::*"}
    witness = found(
        deny(Principal=APP, Condition={"ArnEquals": buckets}),
        allowed_if(ArnNotEquals=buckets, StringLike={TAG: "*b"}),
    ).witness
    assert witness is not None
    assert str(witness.context[TAG]).startswith("arn:")


def found(*statements: dict[str, Any], required: Sequence[Condition] = ()) -> Search:
    request = Request(role("app"), "kms:Decrypt", KEY)
    return find_witness(engine_of(*statements), request, required=required)


def allowed_if(**condition: dict[str, Any]) -> dict[str, Any]:
    return allow(Principal=APP, Condition=condition)


def test_operators_of_two_sorts_on_one_key_make_a_search_incomplete() -> None:
    mixed = found(allowed_if(StringLike={TAG: "1*"}, NumericGreaterThan={TAG: "500"}))
    assert mixed.witness is None
    assert not mixed.complete


def test_a_required_condition_with_a_variable_is_no_reason_to_leave_values_out() -> None:
    statement = allowed_if(StringEquals={TAG: f"${{{OTHER_TAG}}}"})
    conditions = policy(statement).statements[0].conditions
    witness = found(statement, required=conditions).witness
    assert witness is not None
    assert witness.context[TAG] == witness.context[OTHER_TAG]


def test_a_variable_inside_a_pattern_is_filled_in_but_proves_nothing() -> None:
    statement = allowed_if(StringLike={TAG: f"team-${{{OTHER_TAG}}}-*"})
    witness = found(statement).witness
    assert witness is not None
    assert str(witness.context[TAG]).startswith(f"team-{witness.context[OTHER_TAG]}-")
    never = found(statement, deny(Condition={"StringLike": {TAG: "team-*"}}))
    assert never.witness is None
    assert not never.complete


def test_a_variable_in_a_resource_stands_for_a_part_of_the_key_arn() -> None:
    resource = "arn:aws:kms:*:111122223333:key/${aws:PrincipalTag/key}"
    witness = found(allow(Principal=APP, Resource=resource)).witness
    assert witness is not None
    assert witness.context == {"aws:PrincipalTag/key": KEY.rpartition("/")[2]}
    other = found(allow(Principal=APP, Resource=resource.replace("key/", "key/other-")))
    assert other.witness is None
    assert not other.complete


def test_the_names_of_an_encryption_context_agree_with_its_pairs() -> None:
    pair = {"StringEquals": {"kms:EncryptionContext:App": "a"}}
    both = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["App", "job"]}}
    witness = found(allowed_if(**pair, **both)).witness
    assert witness is not None
    assert witness.context["kms:EncryptionContext:App"] == "a"
    other = {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["job"]}}
    witness = found(allowed_if(**pair, **other)).witness
    assert witness is not None
    assert "kms:EncryptionContext:job" in witness.context
    wrong = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["job"]}}
    assert found(allowed_if(**pair, **wrong)).impossible


@pytest.mark.parametrize("effect", [Effect.ALLOW, Effect.DENY])
def test_what_is_not_known_yet_is_no_witness_and_no_proof(effect: Effect) -> None:
    unknown = Opaque("aws_iam_role.app.arn")
    read = policy(allow(Principal=APP), deny(Principal=APP, Action="kms:Encrypt"))
    statements = tuple(replace(s, opaque=(unknown,)) if s.effect is effect else s for s in read.statements)
    engine = PolicyEngine()
    engine.put_key(KeyRecord(KEY, policy=replace(read, statements=statements)))
    decrypt = find_witness(engine, Request(role("app"), "kms:Decrypt", KEY))
    encrypt = find_witness(engine, Request(role("app"), "kms:Encrypt", KEY))
    if effect is Effect.ALLOW:
        assert (decrypt.witness, decrypt.complete) == (None, False)
        assert encrypt.impossible
    else:
        assert decrypt.witness is not None
        assert (encrypt.witness, encrypt.complete) == (None, False)
