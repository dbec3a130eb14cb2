"""What is not known: the answer is allowed only where every completion is, and denied only where none is."""

from __future__ import annotations

import itertools
import json
import random
import re
from dataclasses import replace
from typing import Any

import pytest

from policy_engine import (
    Bundle,
    Grant,
    GrantConstraints,
    KeyRecord,
    Options,
    Outcome,
    PolicyEngine,
    PrincipalRecord,
    Request,
    RequestError,
)
from policy_engine.model.policy import Policy, PolicyKind
from policy_engine.reading import collect_document
from policy_engine.syntax.json_document import parse_json
from policy_engine.syntax.json_tree import JsonArray, JsonMember, JsonNode, JsonObject, JsonOpaque, JsonString
from tests.engine.world import ACCOUNT, KEY, ROLE, ROOT, allow, deny, policy, role

SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1"
KEYS = ("x:a", "x:b")
VALUES = (None, "1", "2", "3")
OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIfExists",
    "StringLike",
    "Null",
    "ForAnyValue:StringEquals",
)
DENIED = {Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY}


def random_statement(rng: random.Random) -> dict[str, object]:
    condition: dict[str, dict[str, str]] = {}
    for _ in range(rng.randrange(3)):
        operator = rng.choice(OPERATORS)
        value = rng.choice(["true", "false"]) if operator == "Null" else rng.choice("123")
        condition.setdefault(operator, {})[rng.choice(KEYS)] = value
    principal = rng.choice([ROOT, {"AWS": ROLE + "app"}, "*"])
    return rng.choice([allow, allow, deny])(Principal=principal, Condition=condition)


def engine_of(rng: random.Random) -> PolicyEngine:
    key = KeyRecord(KEY, policy(*(random_statement(rng) for _ in range(rng.randrange(1, 4)))))
    return PolicyEngine(Bundle(keys={KEY: key}, principals={ROLE + "app": role("app", allow())}))


def ask(engine: PolicyEngine, context: dict[str, str], unknown: tuple[str, ...] = ()) -> Outcome:
    return engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY, context), unknown=unknown).outcome


@pytest.mark.parametrize("seed", range(250))
def test_unknown_keys_against_every_completion(seed: int) -> None:
    rng = random.Random(seed)
    engine = engine_of(rng)
    unknown = tuple(rng.sample(KEYS, rng.randrange(1, 3)))
    known = {key: rng.choice("123") for key in KEYS if key not in unknown and rng.random() < 0.7}
    outcome = ask(engine, known, unknown)
    completions = {
        ask(engine, known | {k: v for k, v in zip(unknown, values, strict=True) if v is not None})
        for values in itertools.product(VALUES, repeat=len(unknown))
    }
    agrees_with(outcome, completions)


def agrees_with(outcome: Outcome, completions: set[Outcome]) -> None:
    if outcome is Outcome.ALLOWED:
        assert completions == {Outcome.ALLOWED}
    elif outcome in DENIED:
        assert completions <= DENIED
        assert outcome is Outcome.IMPLICIT_DENY or completions == {Outcome.EXPLICIT_DENY}


def test_every_answer_comes_up() -> None:
    found = {ask(engine_of(random.Random(seed)), {"x:b": "1"}, ("x:a",)) for seed in range(250)}
    assert found == set(Outcome)


def test_undetermined_says_what_it_depends_on() -> None:
    condition = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    forbidden = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
    statements = [allow(Principal="*", Condition=condition), deny(Principal="*", Condition=forbidden)]
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(*statements))}))
    request = Request(ROLE + "app", "kms:Decrypt", KEY)
    decision = engine.authorize(request, unknown=("KMS:viaservice", "aws:SourceVpce"))
    assert decision.outcome is Outcome.UNDETERMINED
    assert decision.expression == (
        "StringEquals kms:ViaService [s3.us-east-1.amazonaws.com] and not (StringEquals aws:SourceVpce [vpce-1])"
    )
    assert decision.determining == ()
    assert engine.authorize(request, unknown=("aws:SourceVpce",)).outcome in DENIED
    assert engine.authorize(request).expression is None


def test_a_family_of_keys_can_be_unknown(engine: PolicyEngine) -> None:
    for unknown in ("kms:EncryptionContext:", "kms:encryptioncontext:Tenant"):
        for name in ("app", "batch"):
            request = Request(ROLE + name, "kms:Decrypt", KEY)
            assert engine.authorize(request, unknown=(unknown,)).outcome is Outcome.UNDETERMINED


def test_what_the_context_says_is_known_even_if_it_is_declared_unknown(engine: PolicyEngine) -> None:
    context = {"kms:EncryptionContext:tenant": "acme"}
    request = Request(ROLE + "app", "kms:Decrypt", KEY, context)
    assert engine.authorize(request, unknown=("kms:EncryptionContext:tenant",)).allowed


def test_an_unknown_key_has_a_name(engine: PolicyEngine) -> None:
    with pytest.raises(RequestError, match="no name"):
        engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY), unknown=("kms:ViaService", ""))


def test_an_explicit_deny_that_holds_anyway_is_named() -> None:
    statements = [
        allow(Principal="*"),
        deny(Principal="*"),
        deny(Principal="*", Condition={"Null": {"x:a": "true"}}),
    ]
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(*statements))}))
    decision = engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY), unknown=("x:a",))
    assert decision.outcome is Outcome.EXPLICIT_DENY
    assert [origin.label for origin in decision.determining] == ["key:1"]


def test_allowed_names_the_first_path_that_holds_for_certain() -> None:
    maybe = {"StringEquals": {"x:a": "1"}}
    grant = Grant("g", ROLE + "app", ("Decrypt",))
    statements = [
        allow(Principal={"AWS": ROLE + "app"}, Condition=maybe),
        allow(Principal=ROOT),
        deny(Principal=ROOT, Action="kms:Encrypt"),
    ]
    key = KeyRecord(KEY, policy(*statements), grants=(grant,))
    app = role("app", allow(Condition=maybe), allow())
    request = Request(ROLE + "app", "kms:Decrypt", KEY)
    decision = PolicyEngine(Bundle(keys={KEY: key}, principals={app.arn: app})).authorize(
        request, unknown=["x:a"]
    )
    assert [origin.label for origin in decision.determining] == ["key:1", "identity:1"]
    assert decision.reason == "the key policy delegates to IAM, and IAM allows"
    decision = PolicyEngine(Bundle(keys={KEY: key})).authorize(request, unknown=["x:a"])
    assert [origin.label for origin in decision.determining] == ["grant:g"]
    assert decision.reason == "a grant allows it"


@pytest.mark.parametrize("seed", range(250))
def test_what_is_named_suffices_whatever_is_not_known(seed: int) -> None:
    """Rows have no negation between them, so an allow that is certain always has a path of its own that is."""
    engine = engine_of(random.Random(seed))
    decision = engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY, {"x:b": "1"}), unknown=("x:a",))
    record = engine.key(KEY)
    if not decision.allowed or record is None or record.policy is None:
        return
    named = {origin.index for origin in decision.determining if origin.layer == "key"}
    assert named
    kept = tuple(s for s in record.policy.statements if s.index in named)
    engine.put_key(replace(record, policy=replace(record.policy, statements=kept)))
    assert ask(engine, {"x:b": "1"}, ("x:a",)) is Outcome.ALLOWED


# -- a session whose role is not known (rule 87) ------------------------------------------------------------

SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1"
SPARED = deny(Principal="*", Condition={"ArnNotEquals": {"aws:PrincipalArn": ROLE + "team/app"}})


def test_the_arn_of_an_unknown_role_has_no_value_and_is_not_absent() -> None:
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(allow(Principal="*"), SPARED))}))
    request = Request(SESSION, "kms:Decrypt", KEY)
    decision = engine.authorize(request)
    assert decision.outcome is Outcome.UNDETERMINED
    assert decision.missing_context_keys == ("aws:PrincipalArn",)
    assert engine.decide(SESSION, "kms:Decrypt", KEY, {}) is Outcome.UNDETERMINED
    assert engine.bind(SESSION)("kms:Decrypt", KEY) is Outcome.UNDETERMINED


def test_the_context_says_what_the_records_do_not() -> None:
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(allow(Principal="*"), SPARED))}))
    for name, outcome in (("team/app", Outcome.ALLOWED), ("app", Outcome.EXPLICIT_DENY)):
        context = {"aws:PrincipalArn": ROLE + name}
        assert engine.authorize(Request(SESSION, "kms:Decrypt", KEY, context)).outcome is outcome
        assert engine.decide(SESSION, "kms:Decrypt", KEY, context) is outcome


def test_a_record_of_the_role_settles_it() -> None:
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(allow(Principal="*"), SPARED))}))
    assert engine.decide(SESSION, "kms:Decrypt", KEY, {}) is Outcome.UNDETERMINED
    engine.put_principal(role("team/app"))
    assert engine.decide(SESSION, "kms:Decrypt", KEY, {}) is Outcome.ALLOWED


def test_an_unknown_role_that_nothing_asks_about_does_not_matter() -> None:
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(allow(Principal="*")))}))
    decision = engine.authorize(Request(SESSION, "kms:Decrypt", KEY))
    assert [origin.label for origin in decision.determining] == ["key:0"]


def test_too_much_that_is_unknown_is_undetermined() -> None:
    names = [f"x:k{i}" for i in range(40)]
    conditions = [{"StringEquals": {a: "1", b: "2"}} for a, b in itertools.pairwise(names)]
    statements = [deny(Principal="*", Condition=c) for c in conditions]
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(allow(Principal="*"), *statements))}))
    assert ask(engine, {}, tuple(names)) is Outcome.UNDETERMINED


def test_what_follows_from_unknown_pairs_is_unknown_too() -> None:
    names = deny(Principal="*", Condition={"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "dept"}})
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(allow(Principal="*"), names))}))
    assert ask(engine, {}, ("kms:EncryptionContext:dept",)) is Outcome.UNDETERMINED
    assert (
        ask(engine, {"kms:EncryptionContext:tenant": "a"}, ("kms:EncryptionContext:",))
        is Outcome.UNDETERMINED
    )
    assert ask(engine, {"kms:EncryptionContext:tenant": "a"}) is Outcome.ALLOWED


def test_a_pair_that_is_given_may_be_there_in_another_spelling_too() -> None:
    differs = {"StringNotEquals": {"kms:EncryptionContext:tenant": "other"}}
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(allow(Principal="*", Condition=differs)))}))
    given = {"kms:EncryptionContext:tenant": "acme"}
    assert ask(engine, given | {"kms:EncryptionContext:Tenant": "other"}) in DENIED
    for family in ("kms:EncryptionContext:", "KMS:encryptioncontext:", "kms:"):
        assert ask(engine, given, (family,)) is Outcome.UNDETERMINED
    assert (
        ask(engine, given, ("kms:EncryptionContext:tenant", "kms:EncryptionContext:app")) is Outcome.ALLOWED
    )


def test_a_family_around_the_encryption_context_leaves_nothing_of_it_known() -> None:
    names = deny(Principal="*", Condition={"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "dept"}})
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(allow(Principal="*"), names))}))
    assert ask(engine, {"kms:EncryptionContext:tenant": "a"}, ("kms:",)) is Outcome.UNDETERMINED


def test_another_key_of_an_unknown_family_is_known_where_it_is_given() -> None:
    tag = allow(Principal="*", Condition={"StringEquals": {"aws:RequestTag/team": "a"}})
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, policy(tag))}))
    assert ask(engine, {"aws:RequestTag/team": "a"}, ("aws:RequestTag/",)) is Outcome.ALLOWED
    assert ask(engine, {"aws:RequestTag/other": "a"}, ("aws:RequestTag/",)) is Outcome.UNDETERMINED


def test_a_constraint_on_unknown_pairs_is_undetermined_with_names_as_spelt() -> None:
    grant = Grant(
        "g", ROLE + "app", ("Decrypt",), GrantConstraints(encryption_context_subset={"Tenant": "a"})
    )
    options = Options(grant_context_names_ignore_case=False)
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, grants=(grant,))}), options=options)
    assert ask(engine, {}, ("kms:EncryptionContext:Tenant",)) is Outcome.UNDETERMINED
    assert ask(engine, {"kms:EncryptionContext:Tenant": "a"}) is Outcome.ALLOWED
    assert ask(engine, {"kms:EncryptionContext:tenant": "a"}) in DENIED


# -- parts of a policy that are not known yet ---------------------------------------------------------------

MARK = "@"
CANDIDATES: dict[str, list[Any]] = {
    "Effect": ["Allow", "Deny"],
    "Action": ["kms:Decrypt", "kms:Encrypt", "kms:*"],
    "Resource": ["*", KEY, KEY[:-1] + "0"],
    "AWS": [ROLE + "app", ROLE + "other", f"arn:aws:iam::{ACCOUNT}:root", "444455556666"],
    "x:a": ["1", "2"],
}


def with_opaque(node: JsonNode) -> JsonNode:
    """The tree with an opaque value for each string that is the mark."""
    match node:
        case JsonString(value=value) if value.startswith(MARK):
            return JsonOpaque(node.start, node.end, value.removeprefix(MARK) or "later")
        case JsonArray(items=items):
            return JsonArray(node.start, node.end, tuple(with_opaque(item) for item in items))
        case JsonObject(members=members):
            kept = tuple(JsonMember(m.start, m.end, m.name, with_opaque(m.value)) for m in members)
            return JsonObject(node.start, node.end, kept)
    return node


def opaque_policy(text: str, kind: PolicyKind = PolicyKind.KEY) -> Policy:
    document = parse_json(text)
    read, faults = collect_document(with_opaque(document.root), document.source, kind, "default")
    assert read is not None
    assert not [fault for fault in faults if fault.severity == "error"]
    return read


def completed(value: Any, name: str, rng: random.Random) -> Any:  # noqa: ANN401 - any JSON value
    if value == MARK:
        return rng.choice(CANDIDATES[name.removeprefix("Not")])
    if isinstance(value, dict):
        return {k: completed(v, k, rng) for k, v in value.items()}
    return [completed(item, name, rng) for item in value] if isinstance(value, list) else value


def random_opaque_statement(rng: random.Random) -> dict[str, Any]:
    def maybe(*values: Any) -> Any:  # noqa: ANN401 - any JSON value
        return MARK if rng.random() < 0.3 else rng.choice(values)

    statement: dict[str, Any] = {"Effect": maybe("Allow", "Deny", "Allow")}
    statement[rng.choice(["Principal", "Principal", "NotPrincipal"])] = {
        "AWS": [maybe(*CANDIDATES["AWS"]), maybe(*CANDIDATES["AWS"])]
    }
    statement[rng.choice(["Action", "Action", "NotAction"])] = [maybe("kms:Decrypt", "kms:Sign")]
    statement[rng.choice(["Resource", "Resource", "NotResource"])] = maybe("*", KEY)
    if rng.random() < 0.5:
        statement["Condition"] = {rng.choice(["StringEquals", "StringNotEquals"]): {"x:a": maybe("1", "2")}}
    return statement


def outcome_under(read: Policy, principals: dict[str, Any]) -> Outcome:
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, read)}, principals=principals))
    request = Request(ROLE + "app", "kms:Decrypt", KEY, {"x:a": "1"})
    decision = engine.authorize(request)
    assert not any(diagnostic.code == "internal-error" for diagnostic in decision.diagnostics)
    assert engine.decide(ROLE + "app", "kms:Decrypt", KEY, {"x:a": "1"}) is decision.outcome
    return decision.outcome


@pytest.mark.parametrize("seed", range(300))
def test_opaque_values_against_completions(seed: int) -> None:
    rng = random.Random(seed)
    document = {
        "Version": "2012-10-17",
        "Statement": [random_opaque_statement(rng) for _ in range(rng.randrange(1, 4))],
    }
    principals = {ROLE + "app": role("app", allow())} if rng.random() < 0.5 else {}
    outcome = outcome_under(opaque_policy(json.dumps(document)), principals)
    completions = {
        outcome_under(opaque_policy(json.dumps(completed(document, "", rng))), principals) for _ in range(12)
    }
    agrees_with(outcome, completions)


@pytest.mark.parametrize(
    "statement",
    [
        MARK,
        {"Effect": "Allow", "Principal": MARK, "Action": "*", "Resource": "*"},
        allow(Principal="*", Condition=MARK),
    ],
)
def test_a_whole_element_or_statement_can_be_unknown(statement: object) -> None:
    read = opaque_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert outcome_under(read, {}) is Outcome.UNDETERMINED


def test_what_is_not_known_yet_is_in_the_expression() -> None:
    read = opaque_policy(json.dumps({"Version": "2012-10-17", "Statement": [MARK]}))
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, read)}))
    decision = engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY))
    parts = [f"{what} is <later>" for what in ("Principal", "Action", "Resource", "the statement")]
    everything = " and ".join(parts)
    assert decision.expression == f"{everything} and not ({everything})"


def test_an_unknown_value_beside_one_that_fits_asks_nothing() -> None:
    for elements in ({"Resource": ["*", MARK]}, {"Action": ["kms:*", MARK]}):
        text = json.dumps({"Version": "2012-10-17", "Statement": [allow(Principal="*", **elements)]})
        assert outcome_under(opaque_policy(text), {}) is Outcome.ALLOWED


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(Action=MARK), Outcome.UNDETERMINED),
        (allow(Action=["kms:*", MARK]), Outcome.ALLOWED),
        (allow(Action="kms:Sign", Resource=MARK), Outcome.IMPLICIT_DENY),
        (allow(Resource=MARK, Condition={"StringEquals": {"x:a": "2"}}), Outcome.IMPLICIT_DENY),
    ],
)
def test_an_unknown_value_in_an_identity_policy(statement: dict[str, object], expected: Outcome) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    own = PrincipalRecord(ROLE + "app", identity_policies=(opaque_policy(text, PolicyKind.IDENTITY),))
    assert outcome_under(policy(allow(Principal=ROOT)), {own.arn: own}) is expected


def test_of_several_unknown_values_the_first_is_named() -> None:
    statements = [
        allow(Principal={"AWS": ["@p1", "@p2"]}, Action=["@a1", "@a2"], Resource=["@r1", "@r2"]),
        allow(Principal="*", Resource=[KEY.replace("1234abcd", "${aws:RequestTag/x}"), "@v1", "@v2"]),
    ]
    for statement, expected in zip(statements, ("p1 a1 r1", "v1"), strict=True):
        read = opaque_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, read)}))
        expression = engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY)).expression
        assert expression is not None
        assert re.findall("<(..)>", expression) == expected.split()


def test_an_unknown_principal_beside_the_caller_asks_nothing() -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow(Principal={"AWS": [MARK, SESSION]})]})
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, opaque_policy(text))}))
    assert engine.authorize(Request(SESSION, "kms:Decrypt", KEY)).allowed
    assert engine.authorize(Request(SESSION + "2", "kms:Decrypt", KEY)).outcome is Outcome.UNDETERMINED


def test_an_unknown_resource_beside_a_policy_variable_is_undetermined() -> None:
    resources = [KEY.replace("1234abcd", "${aws:RequestTag/x}"), MARK]
    statements = [allow(Principal="*"), deny(Principal="*", Resource=resources)]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    assert outcome_under(opaque_policy(text), {}) is Outcome.UNDETERMINED


def test_an_unknown_value_in_one_key_s_policy_leaves_other_keys_alone() -> None:
    other = KEY[:-1] + "0"
    unknown = opaque_policy(json.dumps({"Version": "2012-10-17", "Statement": [MARK]}))
    keys = {KEY: KeyRecord(KEY, unknown), other: KeyRecord(other, policy(allow(Principal="*")))}
    engine = PolicyEngine(Bundle(keys=keys))
    assert engine.authorize(Request(ROLE + "app", "kms:Decrypt", other)).allowed
    engine.put_key(replace(keys[KEY], policy=policy(deny(Principal="*"))))
    assert engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY)).outcome is Outcome.EXPLICIT_DENY


@pytest.mark.parametrize(
    "more",
    [
        {"Action": "kms:Sign"},
        {"Condition": {"StringEquals": {"kms:CallerAccount": "999988887777"}}},
        {"Resource": "arn:aws:kms:us-east-1:111122223333:key/other"},
    ],
    ids=["another action", "a fact that fails a condition", "another resource"],
)
def test_whoever_an_open_statement_names_it_gives_nothing_that_it_does_not_cover(
    more: dict[str, object],
) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": MARK},
        "Action": "kms:Decrypt",
        "Resource": "*",
        **more,
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert outcome_under(opaque_policy(text), {}) is Outcome.IMPLICIT_DENY
