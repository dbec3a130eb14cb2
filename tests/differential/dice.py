"""Draws: the few ways in which the generator asks its source of randomness. Seeded, so that a case can be named by its seed."""

import random
from collections.abc import Sequence
from typing import TypeVar

Drawn = TypeVar("Drawn")


class Dice:
    """A source of randomness."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def often(self, odds: float) -> bool:
        """True with these odds, between 0 and 1."""
        return self.rng.random() < odds

    def one(self, options: Sequence[Drawn]) -> Drawn:
        """One of the options, all alike."""
        return self.rng.choice(options)

    def up_to(self, least: int, most: int) -> int:
        """A number, both ends included."""
        return self.rng.randint(least, most)

    def some(self, options: Sequence[Drawn], most: int) -> list[Drawn]:
        """One to `most` options, perhaps one of them twice."""
        return [self.one(options) for _ in range(self.up_to(1, most))]
