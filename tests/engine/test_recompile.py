"""One changed policy recompiles nothing else: reads and lowerings, counted."""

from __future__ import annotations

import gc
import json
from dataclasses import replace

import pytest

from policy_engine import Grant, KeyRecord, Outcome, PolicyEngine, PrincipalRecord
from policy_engine.graph import lowering
from policy_engine.model.bundle import Bundle, GroupRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import policies, read_policy
from policy_engine.reading.known import KnownTexts
from tests.engine.world import KEY, ROLE, ROOT, allow, deny

KEYS = [KEY[:-1] + digit for digit in "0123456789"]
USE = deny(Principal="*", Action="kms:Encrypt")


def text(number: int) -> str:
    """A key policy with a statement of its own, one that all have, and one that half of them have."""
    own = allow(Principal={"AWS": f"{ROLE}r{number}"}, Action="kms:Decrypt")
    shared = [USE, allow(Principal=ROOT)] if number % 2 else [USE]
    return json.dumps({"Version": "2012-10-17", "Statement": [own, *shared]})


class Work:
    """How many texts were parsed, statements compiled and grants lowered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parsed = self.compiled = self.granted = 0
        parse, parts, grant = policies.parse_json, lowering._parts, lowering.lower_grant

        def counting_parse(*arguments: object) -> object:
            self.parsed += 1
            return parse(*arguments)  # type: ignore[arg-type]

        def counting_parts(*arguments: object) -> object:
            self.compiled += 1
            return parts(*arguments)  # type: ignore[arg-type]

        def counting_grant(*arguments: object) -> object:
            self.granted += 1
            return grant(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(policies, "parse_json", counting_parse)
        monkeypatch.setattr(policies, "KNOWN_TEXTS", KnownTexts())
        monkeypatch.setattr(lowering, "_parts", counting_parts)
        monkeypatch.setattr("policy_engine.engine.keys.lower_grant", counting_grant)

    def taken(self) -> tuple[int, int, int]:
        """What was done since this was asked last."""
        done = self.parsed, self.compiled, self.granted
        self.parsed = self.compiled = self.granted = 0
        return done


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(monkeypatch)


@pytest.fixture
def engine(work: Work) -> PolicyEngine:
    """Ten keys, each with a policy and a grant; every key has been asked about."""
    records = [
        KeyRecord(
            key,
            read_policy(text(number), kind=PolicyKind.KEY, file=f"{number}.json"),
            (Grant(f"g{number}", f"{ROLE}r0", ("Encrypt",)),),
        )
        for number, key in enumerate(KEYS)
    ]
    bundle = Bundle({r.arn: r for r in records}, {f"{ROLE}r0": PrincipalRecord(f"{ROLE}r0")})
    made = PolicyEngine(bundle)
    assert work.taken() == (len(KEYS), 0, 0)  # nothing is compiled before it is asked about
    ask_all(made)
    assert work.taken() == (0, len(KEYS) + 2, len(KEYS))  # equal statements once for all keys
    return made


def ask_all(engine: PolicyEngine) -> list[Outcome]:
    return [engine.decide(f"{ROLE}r0", "kms:Decrypt", key, {}) for key in KEYS]


def test_questions_compile_nothing_twice(engine: PolicyEngine, work: Work) -> None:
    ask_all(engine)
    engine.decide(f"{ROLE}r0", "kms:Encrypt", KEYS[3], {})
    assert work.taken() == (0, 0, 0)


def test_a_changed_policy_recompiles_its_new_statements_alone(engine: PolicyEngine, work: Work) -> None:
    before = ask_all(engine)
    changed = json.dumps({"Statement": [allow(Principal={"AWS": f"{ROLE}r0"}, Action="kms:*"), USE]})
    engine.put_key_policy(KEYS[3], changed)
    assert work.taken() == (1, 0, 0)
    after = ask_all(engine)
    assert work.taken() == (0, 1, 0)  # the new statement; the key's grants are what they were
    assert [key for key, old, new in zip(KEYS, before, after, strict=True) if old != new] == [KEYS[3]]


def test_an_unchanged_policy_is_not_read_and_not_compiled(engine: PolicyEngine, work: Work) -> None:
    for number, key in enumerate(KEYS):
        engine.put_key_policy(key, text(number))
    ask_all(engine)
    assert work.taken() == (0, 0, 0)


def test_a_changed_grant_recompiles_no_statement(engine: PolicyEngine, work: Work) -> None:
    engine.put_grants(KEYS[3], [Grant("new", f"{ROLE}r0", ("Decrypt",))])
    assert ask_all(engine)[3] is Outcome.ALLOWED
    assert work.taken() == (0, 0, 1)


def test_a_grant_more_or_less_recompiles_the_grants_of_its_grantee_alone(
    engine: PolicyEngine, work: Work
) -> None:
    """Grants are the same where they are the same objects, as a store that reads only new ones has them."""
    others = [Grant(f"o{n}", f"{ROLE}o{n}", ("Decrypt",)) for n in range(5)]
    ask = [(f"{ROLE}o{n}", "kms:Decrypt", KEYS[3], {}) for n in range(5)]
    mine = Grant("mine", f"{ROLE}r0", ("Decrypt",))

    def put(*grants: Grant) -> list[Outcome]:
        engine.put_grants(KEYS[3], grants)
        return [*engine.decide_many(ask), ask_all(engine)[3]]

    assert put(*others).count(Outcome.ALLOWED) == 5
    work.taken()
    assert put(*others, mine).count(Outcome.ALLOWED) == 6
    assert work.taken() == (0, 0, 1)
    assert put(*others[1:], mine) == [Outcome.IMPLICIT_DENY, *[Outcome.ALLOWED] * 5]
    assert work.taken() == (0, 0, 0)
    assert put(*others[1:]) == [Outcome.IMPLICIT_DENY, *[Outcome.ALLOWED] * 4, Outcome.IMPLICIT_DENY]
    assert put(*others[1:], replace(others[1], grant_id="o9"), mine)[1] is Outcome.ALLOWED
    assert put() == [Outcome.IMPLICIT_DENY] * 6


def test_what_was_compiled_goes_with_the_last_policy_that_has_it(engine: PolicyEngine) -> None:
    policies.KNOWN_TEXTS.clear()
    assert len(engine._tests.parts) == len(KEYS) + 2
    engine.remove_key(KEYS[3])
    gc.collect()
    assert len(engine._tests.parts) == len(KEYS) + 1


def test_packed_statements_do_not_mix_kinds_of_policy(work: Work) -> None:
    """A short ARN is a pattern in an identity policy only: the same statement compiles to two things."""
    del work
    short = json.dumps({"Statement": [allow(Resource="arn:aws:kms:*")]})
    policy = read_policy(short, kind=PolicyKind.IDENTITY)
    engine = PolicyEngine()
    found = [
        lowering.lower_policy(each, (), engine._tests)[0].resources.covers(KEY, "kms:decrypt", None)
        for each in (policy, replace(policy, kind=PolicyKind.SCP), policy)
    ]
    assert found == [True, False, True]


def test_a_changed_principal_touches_only_who_rests_on_it() -> None:
    """A role's own questions and those of its sessions are asked anew; nobody else's."""
    other, group = f"{ROLE}other", "arn:aws:iam::111122223333:group/ops"
    session = "arn:aws:sts::111122223333:assumed-role/app/s"
    user = "arn:aws:iam::111122223333:user/u"
    record = PrincipalRecord(user, groups=(group,))
    policy = read_policy(
        json.dumps({"Version": "2012-10-17", "Statement": [allow(Principal=ROOT)]}), kind=PolicyKind.KEY
    )
    engine = PolicyEngine(Bundle({KEY: KeyRecord(KEY, policy)}, {user: record}))
    callers = (f"{ROLE}app", session, other, user)

    def kept() -> dict[str, object]:
        for caller in callers:
            engine.decide(caller, "kms:Decrypt", KEY, {})
        return dict(engine._compiled._compiled["kms:Decrypt"][KEY])

    def touched(before: dict[str, object]) -> set[str]:
        after = kept()
        return {caller for caller in callers if after[caller] is not before[caller]}

    before = kept()
    assert touched(before) == set()
    engine.put_principal(PrincipalRecord(f"{ROLE}app"))
    assert touched(before) == {f"{ROLE}app", session}
    before = kept()
    engine.put_group(GroupRecord(group))
    assert touched(before) == {user}
    before = kept()
    engine.remove_principal(f"{ROLE}app")
    assert touched(before) == {f"{ROLE}app", session}
    before = kept()
    engine.put_principal(PrincipalRecord(f"{ROLE}nobody-asked-as"))
    assert touched(before) == set()
