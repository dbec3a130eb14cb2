"""Three processes with sixteen threads each on one home: every answer is by rules that held, every call is recorded.

`make soak` does the same for longer.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from kms_core.errors import AccessDeniedError, DisabledError
from tests.kms_core.concurrency.history import DONE, Event, wrong_answers
from tests.kms_core.concurrency.mix import APP, FIRST, rule
from tests.kms_core.concurrency.together import Together

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kms_core.forking import Forked

SECONDS = (4, 20, 60)
"""How long; longer where a busy machine did not come to enough in that time."""


def says_enough(events: list[Event]) -> bool:
    """Whether a history has all answers, and facts that changed all along."""
    answers = Counter(event.answer for event in events if event.by == APP)
    changes = Counter(event.fact for event in events if event.fact and event.answer == DONE)
    wanted = (DONE, AccessDeniedError.code, DisabledError.code)
    return min(answers[answer] for answer in wanted) > 10 and min(changes[fact] for fact in FIRST) > 3


def test_every_call_is_answered_by_rules_that_hold(
    tmp_path: Path, hsm_module: Path, fork: Callable[..., Forked]
) -> None:
    seed = random.randrange(2**32)
    for seconds in SECONDS:
        (folder := tmp_path / str(seconds)).mkdir()
        together = Together(folder, hsm_module, fork)
        events = together.run(seconds, seed)
        assert together.faults(events) == [], f"seed {seed}"
        if says_enough(events):
            break
    assert says_enough(events)

    # and one wrong answer among them would have been seen
    planted = 0
    for event in events:
        if event.by == APP and event.answer == AccessDeniedError.code:
            other = replace(event, answer=DONE)
            seen = wrong_answers([other, *(each for each in events if each.fact)], FIRST, rule)
            planted += [each.event for each in seen] == [other]
    assert planted > 10
