"""KMS actions: which resource each is authorised on, whether it works across accounts and through a grant.

Not the API's operations: ReEncrypt is two actions, and SynchronizeMultiRegionKey is no operation at all.
The way from operations to actions is in calls/.
https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
"""

from __future__ import annotations

from dataclasses import dataclass

from policy_engine.case import ascii_lower
from policy_engine.catalog.condition_keys import find_key, is_global
from policy_engine.catalog.data import CATALOG


@dataclass(frozen=True, slots=True)
class Action:
    """A KMS action as policies name it.

    Attributes:
        name: `kms:Decrypt`.
        resources: `key`, `alias`, both, or neither for actions that identity policies alone decide.
        cross_account: whether it works on a key of another account.
        grant_operation: whether a grant can allow it.
        condition_keys: the keys that the action carries, prefixes for those with a free part; not the keys
            that its resource brings, see `resource_condition_keys`.
        access_level: `List`, `Read`, `Write`, `Tagging` or `Permissions management`.
        api_operation: whether the KMS API has an operation of this name.
    """

    name: str
    resources: tuple[str, ...]
    cross_account: bool
    grant_operation: bool
    condition_keys: frozenset[str]
    access_level: str
    api_operation: bool

    @property
    def has_key(self) -> bool:
        """Whether the action is authorised on a key."""
        return "key" in self.resources

    @property
    def resource_condition_keys(self) -> frozenset[str]:
        """The keys that the action carries because it is authorised on a key."""
        return KEY_PROPERTIES if self.has_key else frozenset()

    def carries(self, key: str) -> bool:
        """Whether a request for the action can have a condition key, in any spelling.

        The global keys of tags come with some actions only; all other global keys can come with any. A key
        that the catalogue does not know is carried by none.
        """
        entry = find_key(key)
        if entry is None:
            return False
        if is_global(key) and entry.name not in _TAG_KEYS:
            return True
        return entry.name in self.condition_keys or entry.name in self.resource_condition_keys


_TAG_KEYS = frozenset({"aws:RequestTag/", "aws:ResourceTag/", "aws:TagKeys"})

KEY_PROPERTIES: frozenset[str] = frozenset(CATALOG["resources"]["key"]["condition_keys"])
"""The condition keys that tell of the KMS key that is used, on every action authorised on a key."""

ACTIONS: dict[str, Action] = {
    f"kms:{name}".lower(): Action(
        f"kms:{name}",
        tuple(entry["resources"]),
        entry["cross_account"],
        entry["grant_operation"],
        frozenset(entry["condition_keys"]),
        entry["access_level"],
        entry.get("api_operation", True),
    )
    for name, entry in CATALOG["actions"].items()
}
"""By name in lower case, since IAM ignores the case of actions."""


def find_action(name: str) -> Action | None:
    """The catalogue's entry for an action in any case, or None."""
    return ACTIONS.get(ascii_lower(name))
