"""Random scenario cases: a plain seeded generator, and the same one as a Hypothesis strategy.

Not uniform: a case is first given a reason to be allowed (a statement or grant made for its caller), then policies at
random around it, so that allowed, implicit and explicit denials all come up often. The pieces: words (vocabulary,
condition_words), requests, conditions, grants and policies (random_*).
"""

import random
from typing import Any

from hypothesis import strategies as st

from tests.differential.dice import Dice
from tests.differential.random_policies import PolicyMaker
from tests.differential.random_requests import key_record, request

Case = dict[str, Any]
OPTIONS = ("caps_limit_grants", "grant_context_names_ignore_case")


def cases() -> st.SearchStrategy[Case]:
    """The generator's cases, by seed: the same vocabulary and the same odds."""
    return st.integers(min_value=0, max_value=2**48).map(lambda seed: random_case(random.Random(seed)))


def random_case(rng: random.Random) -> Case:
    """One scenario case without `name` and `expect`; the same for the same state of `rng`."""
    dice = Dice(rng)
    asked = request(dice)
    maker = PolicyMaker(dice, asked)
    case: Case = {"request": asked, "policies": maker.policies()}
    if dice.often(0.03):
        maker.spoil(case["policies"])
    if dice.often(0.5):
        case["key"] = key_record(dice)
    if dice.often(0.25):
        case["options"] = {option: dice.often(0.5) for option in OPTIONS}
    return case
