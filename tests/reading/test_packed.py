"""Packed statements are the statements that they were packed from, with every place."""

from __future__ import annotations

import json
import random
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from policy_engine.errors import PolicyEngineError
from policy_engine.model.packed import PackedStatements
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import collect_document, read_policy
from policy_engine.span import Span
from policy_engine.syntax.json_document import parse_json
from tests.differential.strategies import random_case

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[2] / "fixtures"


def documents(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Every policy that stands somewhere in a JSON value."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
        for part in value.values():
            yield from documents(part)
    elif isinstance(value, list):
        for part in value:
            yield from documents(part)


def texts() -> list[str]:
    """Different policies of the scenarios, and texts that only just can be read."""
    found = []
    for path in sorted(FIXTURES.glob("scenarios/**/*.json")):
        found += [json.dumps(d, indent=1) for d in documents(json.loads(path.read_text(encoding="utf-8")))]
    malformed = json.loads((FIXTURES / "malformed/index.json").read_text(encoding="utf-8"))
    found += [case["text"] for case in malformed["cases"] if "text" in case and case["error"] is None]
    return list(dict.fromkeys(found))


def shown(thing: object) -> object:
    """A model object as plain data, spans as offsets."""
    if isinstance(thing, Span):
        return thing.start, thing.end
    if is_dataclass(thing):
        return type(thing).__name__, *(shown(getattr(thing, each.name)) for each in fields(thing))
    return [shown(item) for item in thing] if isinstance(thing, (tuple, PackedStatements)) else thing


def check(text: str) -> int:
    """Compare what a text's policy has packed with what reading gave, as each kind that takes it."""
    taken = 0
    for kind in PolicyKind:
        try:
            packed = read_policy(text, kind=kind).statements
        except PolicyEngineError:
            continue
        document = parse_json(text)
        policy, _ = collect_document(document.root, document.source, kind, "default")
        assert policy is not None
        assert isinstance(packed, PackedStatements)
        assert shown(packed) == shown(policy.statements)
        assert shown([packed.span(i) for i in range(len(packed))]) == shown([s.span for s in packed])
        taken += 1
    return taken


def test_policies_of_the_fixtures() -> None:
    assert sum(check(text) > 0 for text in texts()) > 300


@pytest.mark.parametrize("seed", range(60))
def test_random_policies(seed: int) -> None:
    """A policy that was spoilt on purpose is taken as no kind; the others are taken as one at least."""
    rng = random.Random(seed)
    found = [check(json.dumps(d)) for d in documents([random_case(rng)["policies"] for _ in range(5)])]
    assert sum(taken > 0 for taken in found) > len(found) // 2
