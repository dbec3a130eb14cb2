"""Random condition blocks: any operator on any key, but mostly one of the key's own family."""

from typing import Any

from tests.differential import condition_words as words
from tests.differential.dice import Dice
from tests.reference.plain_data import Json


def condition(dice: Dice, about: tuple[str, ...] = ()) -> dict[str, Any]:
    """A Condition element, sometimes about keys of these."""
    if dice.often(0.02):
        return dice.one(({}, {"StringEquals": {}}))
    block: dict[str, Any] = {}
    for _ in range(dice.one((1, 1, 1, 2))):
        key = dice.one(about if about and dice.often(0.3) else list(words.ASKED))
        operator = _operator(dice, key)
        operator = next((name for name in block if name.lower() == operator.lower()), operator)
        keys = block.setdefault(operator, {})
        if key.lower() not in {one.lower() for one in keys}:
            keys[key] = _asked(dice, key, operator)
    return block


def _operator(dice: Dice, key: str) -> str:
    if dice.often(0.08):
        return dice.one(("Null", "Null", "Null", "ForAllValues:Null", "ForAnyValue:Null"))
    own = words.FAMILIES.get(key, words.STRING_OPERATORS)
    operator = dice.one(words.OPERATORS if dice.often(0.1) else own)
    if dice.often(0.6 if key in words.SETS else 0.12):
        operator = dice.one(("ForAllValues:", "ForAnyValue:")) + operator
    if dice.often(0.15):
        operator += "IfExists"
    return operator.lower() if dice.often(0.03) else operator


def _asked(dice: Dice, key: str, operator: str) -> Json:
    if operator.endswith("Null"):
        wanted: Json = dice.one(("true", "false", True, False, "maybe"))
        return wanted if dice.often(0.9) else dice.one(([], ["true", "false"], [False]))
    if dice.often(0.04):
        return []
    options = (*words.ASKED[key], *(words.VARIABLES if dice.often(0.25) else ()))
    return dice.one(options) if dice.often(0.55) else dice.some(options, 3)
