"""Floor reads: the least that any decision in Python does, and so the yardstick of every ratio.

One call with four arguments, three table lookups, three context reads with a compare; no logic. What it reads
is what the engine is asked, on the same requests, so that caches treat both alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.account import ACCOUNT, ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.stream import Question
    from policy_engine.model.request import RequestContext

    Read = Callable[[str, str, str, RequestContext], bool]


def floor_reads(stream: Iterable[Question]) -> Read:
    """A function that reads what `decide` must, for the principals, actions and keys of a stream.

    The contexts of the stream must hold the three condition keys that are read.
    """
    questions = tuple(stream)
    principals = dict.fromkeys((principal for principal, _, _, _ in questions), _fresh(ORGANIZATION))
    actions = dict.fromkeys((action for _, action, _, _ in questions), _fresh("true"))
    keys = dict.fromkeys((resource for _, _, resource, _ in questions), _fresh(ACCOUNT))

    def read(principal: str, action: str, resource: str, context: RequestContext) -> bool:
        _organization = context["aws:PrincipalOrgID"] == principals[principal]
        _transport = context["aws:SecureTransport"] == actions[action]
        return context["kms:CallerAccount"] == keys[resource]

    return read


def _fresh(text: str) -> str:
    """An equal text that is another object, as a policy's is: Python need not compare one with itself."""
    return text.encode().decode()
