"""Random scenario cases: a plain seeded generator, and the same one as a Hypothesis strategy.

Not uniform: a case is first given a reason to be allowed (a statement or grant made for its caller), then policies at
random around it, so that allowed, implicit and explicit denials all come up often. The pieces: words (vocabulary,
condition_words), requests, conditions, grants and policies (random_*).
"""

import random
from typing import Any

from hypothesis import strategies as st

from policy_engine.bundle.scenario_form import OptionsForm
from tests.differential import vocabulary as words
from tests.differential.dice import Dice
from tests.differential.random_policies import PolicyMaker
from tests.differential.random_requests import key_record, request

Case = dict[str, Any]
OPTIONS = (
    "caps_limit_grants", "grant_context_names_ignore_case", "aws_wildcard_allows_services", "bool_takes_variables",
    "any_value_if_exists_holds_when_absent", "listed_role_exempts_sessions",
)  # fmt: skip


def cases() -> st.SearchStrategy[Case]:
    """The generator's cases, by seed: the same vocabulary and the same odds."""
    return st.integers(min_value=0, max_value=2**48).map(lambda seed: random_case(random.Random(seed)))


def _in_question(dice: Dice, held: Case, forged: Case) -> Case:
    """A grant that the key has, as it is or forged: with its id, and all else of another."""
    return held if dice.often(0.6) else forged | {"GrantId": held["GrantId"]}


def random_case(rng: random.Random) -> Case:
    """One scenario case without `name` and `expect`; the same for the same state of `rng`."""
    dice = Dice(rng)
    asked = request(dice)
    maker = PolicyMaker(dice, asked)
    case: Case = {"request": asked, "policies": maker.policies()}
    held = case["policies"].get("grants")
    if held and asked["action"] == "kms:RetireGrant" and "grant" in asked and dice.often(0.8):
        asked["grant"] = _in_question(dice, dice.one(held), asked["grant"])
    if dice.often(0.03):
        maker.spoil(case["policies"])
    if asked["resource"] == words.KEY and dice.often(0.5):
        case["key"] = key_record(dice)
    if dice.often(0.25):
        drawn = {option: dice.often(0.5) for option in OPTIONS}
        case["options"] = {
            option: value for option, value in drawn.items() if option in OptionsForm.model_fields
        }
    return case
