"""Where engine and reference are known to disagree: a smallest case of each, and which random cases it may touch.

test_open_points.py expects every smallest case to disagree, so an entry whose fault is mended fails the run and goes; until
then the comparison of random cases leaves out what the entry may touch, and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.differential import vocabulary as words
from tests.reference.principals import caller_of

Case = dict[str, Any]
EVERYTHING: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """A known disagreement."""

    rule: str
    smallest: Case
    touches: Callable[[Case], bool]


def _account_by_context(case: Case) -> bool:
    named = "aws:ResourceAccount" in case["request"].get("context", {})
    without_account = caller_of(case["request"]["principal"]).account is None
    return bool(named and without_account and case["policies"].get("rcps"))


OPEN = (
    OpenPoint(
        "rule 104: the RCPs of the account that only the context names",
        {
            "request": {
                "principal": words.NOBODY, "action": "s3:GetObject", "resource": words.BUCKET,
                "context": {"aws:ResourceAccount": words.OWNER},
            },
            "policies": {
                "key": {"Statement": [EVERYTHING | {"Principal": "*"}]},
                "rcps": [[{"Statement": [EVERYTHING | {"Effect": "Deny", "Principal": "*"}]}]],
            },
        },
        _account_by_context,
    ),
)  # fmt: skip


def is_open(case: Case) -> bool:
    """May a known disagreement touch this case?"""
    return any(point.touches(case) for point in OPEN)
