"""Random grants: made for the caller of a request about half of the time."""

from typing import Any

from tests.differential import vocabulary as words
from tests.differential.dice import Dice

Grant = dict[str, Any]
OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "DescribeKey",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
)
PAIRS: tuple[dict[str, str], ...] = (
    {"tenant": "acme"}, {"tenant": "acme"}, {"Tenant": "acme"}, {"tenant": "acme", "app": "orders"}, {"tenant": "*"}, {},
    {"tenant": "acme", "Tenant": "acme"}, {"tenant": "acme", "Tenant": "other"}, {"TENANT": "Acme"}, {"app": "orders"},
)  # fmt: skip
SOURCES = (words.TRAIL, words.TRAIL, "arn:aws:s3:::bucket", f"{words.TRAIL}*")


class GrantMaker:
    """Makes grants that a caller, by its ARN or service name, may have to do with."""

    def __init__(self, dice: Dice, caller: str) -> None:
        self.dice = dice
        self.caller = caller

    def grant(self, number: int) -> Grant:
        """A grant with the id `g-NUMBER`."""
        dice = self.dice
        grant: Grant = {"GrantId": f"g-{number}", **self.principal("Grantee")}
        narrow = ["Encrypt"] if dice.often(0.5) else ["Decrypt", "CreateGrant"]
        wide = sorted({"Decrypt", *dice.some(OPERATIONS, 4)})
        grant["Operations"] = wide if dice.often(0.8) else narrow
        if dice.often(0.5):
            grant["Constraints"] = self.constraints()
        if dice.often(0.15):
            grant |= {"Pending": True} | ({"GrantToken": f"token-{number}"} if dice.often(0.9) else {})
        if dice.often(0.25):
            grant |= self.principal("Retiring")
        if dice.often(0.15):
            grant["IssuingAccount"] = f"arn:aws:iam::{dice.one(words.ACCOUNTS)}:root"
        return grant

    def principal(self, role: str) -> dict[str, str]:
        """The grantee or retiree, in the field that it belongs to."""
        name = self._name()
        return {
            f"{role}{'Principal' if name.startswith('arn:') or name.isdigit() else 'ServicePrincipal'}": name
        }

    def _name(self) -> str:
        if self.caller and self.dice.often(0.5):
            return self.caller
        account = self.dice.one((words.OWNER, words.OWNER, words.PARTNER))
        return str(self.dice.one([*words.principals_of(account), words.TRAIL_SERVICE]))

    def constraints(self) -> dict[str, Any]:
        """A constraint on the encryption context, on the source, or on both."""
        kinds = ["EncryptionContextEquals", "EncryptionContextSubset"]
        chosen = [self.dice.one(kinds)] if self.dice.often(0.9) else kinds
        found: dict[str, Any] = {kind: self.dice.one(PAIRS) for kind in chosen}
        if self.dice.often(0.2):
            found = {} if self.dice.often(0.5) else found
            found["SourceArn"] = self.dice.one(SOURCES)
        return found
