"""How a Principal element covers a caller, where no scenario can say it."""

from __future__ import annotations

from policy_engine.calls.principals import parse_principal
from policy_engine.graph.principals import PrincipalMatch, PrincipalTest
from policy_engine.model.policy import Effect
from policy_engine.model.principal import EntryKind, Principal, PrincipalElement, PrincipalEntry
from policy_engine.span import Source, Span
from tests.engine.world import ROLE

SPAN = Span(Source("<test>", ""), 0, 0)
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"


def principals(kind: EntryKind, value: str, *, negated: bool = False) -> PrincipalElement:
    return PrincipalElement((PrincipalEntry(kind, value, value, SPAN),), negated=negated, span=SPAN)


def app(**fields: str) -> Principal:
    plain = parse_principal(ROLE + "app")
    return Principal(plain.kind, plain.arn, plain.account, plain.name, **fields)  # type: ignore[arg-type]


def test_a_canonical_user_id_stands_for_an_account_whose_id_is_known() -> None:
    test = PrincipalTest(principals(EntryKind.CANONICAL_USER, CANONICAL), Effect.ALLOW)
    assert test.match(app(id=CANONICAL)) is PrincipalMatch.DELEGATED
    assert test.match(app(id=CANONICAL[::-1])) is None
    assert test.match(app()) is None
