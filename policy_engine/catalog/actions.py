"""KMS actions: which resource each is authorised on, whether it works across accounts and through a grant.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
"""

from __future__ import annotations

from dataclasses import dataclass

from policy_engine.case import ascii_lower
from policy_engine.catalog.data import CATALOG


@dataclass(frozen=True, slots=True)
class Action:
    """A KMS action as policies name it.

    Attributes:
        name: `kms:Decrypt`.
        resources: `key`, `alias`, both, or neither for actions that identity policies alone decide.
        cross_account: whether it works on a key of another account.
        grant_operation: whether a grant can allow it.
        condition_keys: the keys that the action carries, prefixes for those with a free part.
    """

    name: str
    resources: tuple[str, ...]
    cross_account: bool
    grant_operation: bool
    condition_keys: frozenset[str]

    @property
    def has_key(self) -> bool:
        """Whether the action is authorised on a key."""
        return "key" in self.resources


ACTIONS: dict[str, Action] = {
    f"kms:{name}".lower(): Action(
        f"kms:{name}",
        tuple(entry["resources"]),
        entry["cross_account"],
        entry["grant_operation"],
        frozenset(entry["condition_keys"]),
    )
    for name, entry in CATALOG["actions"].items()
}
"""By name in lower case, since IAM ignores the case of actions."""


def find_action(name: str) -> Action | None:
    """The catalogue's entry for an action in any case, or None."""
    return ACTIONS.get(ascii_lower(name))
