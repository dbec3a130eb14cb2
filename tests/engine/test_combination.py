"""How layers combine, against the table of rules 2 to 4, 21, 30, 47, 49, 97 and 107 in plain truth values."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from policy_engine.engine.combination import Grants, Layers, Relation, Retiring, allowed
from policy_engine.graph.formula import ALWAYS, NEVER, AllOf, AnyOf, Formula, Held, Path
from policy_engine.model.decision import Origin, OriginKind

WORDS = {
    Relation.SAME_ACCOUNT: "same account",
    Relation.CROSS_ACCOUNT: "cross account",
    Relation.NOT_ACROSS_ACCOUNTS: "an action that works in the key's own account only",
    Relation.SERVICE: "service principal",
    Relation.RETIRE_GRANT: "RetireGrant",
    Relation.UNKNOWN_GRANT: "RetireGrant of a grant that the key does not have",
    Relation.NO_KEY: "no key",
    Relation.UNKNOWN_KEY: "unknown key",
    Relation.ANONYMOUS: "anonymous",
    Relation.OTHER_PARTITION: "another partition",
    Relation.OTHER_SERVICE: "another service, in an account that the context tells",
    Relation.OTHER_SERVICE_SAME_ACCOUNT: "another service, same account",
    Relation.OTHER_SERVICE_CROSS_ACCOUNT: "another service, cross account",
    Relation.OTHER_SERVICE_WITHOUT_ACCOUNT: "another service, asked by a service or by nobody known",
}
PLAIN = ("scp", "endpoint", "task", "identity", "boundary", "session", "named", "direct", "delegated")
NAMES = (*PLAIN, "same", "other", "free", "capped", "account", "retires", "retires_capped", "retires_account")


def expected(relation: Relation, of: SimpleNamespace) -> bool:
    ceilings, caps = of.scp and of.endpoint and of.task, of.boundary and of.session
    own = of.identity and caps
    granted = of.free or (of.capped and caps) or (of.account and own)
    other_same = ceilings and (of.named or (of.direct and caps) or own)
    other_cross = ceilings and (of.named or of.direct or of.delegated) and own
    return {
        Relation.SAME_ACCOUNT: ceilings
        and (of.named or (of.direct and caps) or (of.delegated and own) or granted),
        Relation.CROSS_ACCOUNT: ceilings and (((of.named or of.direct or of.delegated) and own) or granted),
        Relation.SERVICE: ceilings and (of.named or of.free or of.capped),
        Relation.RETIRE_GRANT: ceilings
        and (of.retires or (of.retires_capped and caps) or (of.retires_account and own)),
        Relation.NO_KEY: ceilings and own,
        Relation.OTHER_SERVICE: (of.same and other_same) or (of.other and other_cross),
        Relation.OTHER_SERVICE_SAME_ACCOUNT: other_same,
        Relation.OTHER_SERVICE_CROSS_ACCOUNT: other_cross,
        Relation.OTHER_SERVICE_WITHOUT_ACCOUNT: ceilings and of.named,
    }.get(relation, False)


def layers_of(of: SimpleNamespace) -> Layers:
    """Layers that hold or not, each of which marks that it was looked at."""
    part = {name: held(name) if value else NEVER for name, value in vars(of).items()}
    return Layers(
        **{name: part[name] for name in PLAIN},
        grants=Grants(part["free"], part["capped"], part["account"]),
        retiring=Retiring(part["retires"], part["retires_capped"], part["retires_account"]),
        same_account=part["same"],
        other_account=part["other"],
    )


def held(name: str) -> Formula:
    return Held(Origin(OriginKind.STATEMENT, name, (), 0, name), ALWAYS)


def found(formula: Formula) -> tuple[str | None, frozenset[str]] | None:
    """The path of the first way that holds, with what it marks; None where nothing holds."""
    match formula:
        case Held(origin, part):
            inner = found(part)
            return None if inner is None else (inner[0], inner[1] | {origin.layer})
        case Path(name, part):
            inner = found(part)
            return None if inner is None else (name, inner[1])
        case AnyOf(parts):
            return next((way for way in map(found, parts) if way is not None), None)
        case AllOf(parts):
            ways = [found(part) for part in parts]
            known = [way for way in ways if way is not None]
            path = next((name for name, _ in known if name), None)
            marks = frozenset(mark for _, marked in known for mark in marked)
            return None if len(known) < len(ways) else (path, marks)
    raise AssertionError(formula)


@pytest.mark.parametrize("relation", Relation)
def test_layers_combine_as_the_table_says(relation: Relation) -> None:
    rng = random.Random(relation.name)
    for _ in range(1500):
        of = SimpleNamespace(**{name: rng.random() < 0.65 for name in NAMES})
        assert (found(allowed(relation, layers_of(of))) is not None) is expected(relation, of), of


# relation → rows of (layers that hold besides ceilings and caps, the path, what the decision rests on)
WAYS: dict[Relation, list[tuple[str, str, str]]] = {
    Relation.SAME_ACCOUNT: [
        ("named direct free", "named", "named"), ("direct delegated identity", "direct", "direct"),
        ("delegated identity free", "delegated", "delegated identity"), ("free capped", "grant", "free"),
        ("capped account identity", "grant", "capped"), ("account identity", "grant", "account"),
    ],
    Relation.CROSS_ACCOUNT: [
        ("named direct identity", "named", "named"), ("direct delegated identity", "direct", "direct"),
        ("delegated identity free", "delegated", "delegated identity"), ("named free", "grant", "free"),
    ],
    Relation.SERVICE: [("named free", "named", "named"), ("free capped", "grant", "free"), ("capped", "grant", "capped")],
    Relation.RETIRE_GRANT: [
        ("retires retires_account identity", "grant", "retires"), ("retires_capped", "grant", "retires_capped"),
        ("retires_account identity", "identity", "retires_account identity"),
    ],
    Relation.NO_KEY: [("named identity", "identity", "identity")],
    Relation.OTHER_SERVICE: [("same other named identity", "named", "same named"), ("other named identity", "named", "other named")],
    Relation.OTHER_SERVICE_SAME_ACCOUNT: [
        ("named identity", "named", "named"), ("direct identity", "direct", "direct"), ("identity", "identity", "identity"),
    ],
    Relation.OTHER_SERVICE_CROSS_ACCOUNT: [("direct identity", "named", "direct"), ("delegated identity", "named", "delegated")],
    Relation.OTHER_SERVICE_WITHOUT_ACCOUNT: [("named identity", "named", "named")],
}  # fmt: skip


@pytest.mark.parametrize("relation", WAYS)
def test_a_decision_rests_on_its_path_and_not_on_ceilings_and_caps(relation: Relation) -> None:
    for holding, path, marks in WAYS[relation]:
        names = {*holding.split(), "scp", "endpoint", "task", "boundary", "session"}
        of = SimpleNamespace(**{name: name in names for name in NAMES})
        assert found(allowed(relation, layers_of(of))) == (path, frozenset(marks.split())), holding


def test_an_absent_ceiling_or_cap_always_holds_and_an_absent_allow_never() -> None:
    assert Layers().deny == NEVER
    for relation in Relation:
        assert found(allowed(relation, Layers())) is None
    assert found(allowed(Relation.SAME_ACCOUNT, Layers(named=ALWAYS))) is not None
    assert found(allowed(Relation.SAME_ACCOUNT, Layers(direct=ALWAYS))) is not None
    assert found(allowed(Relation.SAME_ACCOUNT, Layers(identity=ALWAYS))) is None
    assert found(allowed(Relation.SAME_ACCOUNT, Layers(delegated=ALWAYS))) is None
    assert found(allowed(Relation.CROSS_ACCOUNT, Layers(identity=ALWAYS))) is None
    assert found(allowed(Relation.RETIRE_GRANT, Layers(identity=ALWAYS))) is None
    assert found(allowed(Relation.OTHER_SERVICE, Layers(named=ALWAYS))) is not None
    no_account = Layers(named=ALWAYS, identity=ALWAYS, same_account=NEVER)
    assert found(allowed(Relation.OTHER_SERVICE, no_account)) is None


def test_each_relation_has_its_words() -> None:
    assert {relation: relation.value for relation in Relation} == WORDS
