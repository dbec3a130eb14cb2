"""Random requests: any caller, mostly about a key, with a context that often holds what policies ask about."""

from typing import Any

from tests.differential import condition_words, random_grants
from tests.differential import vocabulary as words
from tests.differential.dice import Dice

Request = dict[str, Any]
TOKENS = ("token-1", "token-2", "g-2", "unknown")
ABOUT_GRANTS = ("kms:CreateGrant", "kms:RetireGrant")
TAGS: tuple[dict[str, str], ...] = (
    {}, {"team": "orders"}, {"team": "billing", "Level": "5"}, {"TEAM": "orders", "id": words.KEY[-36:]},
)  # fmt: skip


def request(dice: Dice) -> Request:
    """A request object of a scenario."""
    subject = dice.rng.choices(list(words.SUBJECTS), weights=(78, 8, 4, 5, 5))[0]
    made: Request = {
        "principal": _caller(dice), "action": dice.one(words.SUBJECTS[subject]), "resource": subject, "context": _context(dice),
    }  # fmt: skip
    if made["action"] in ABOUT_GRANTS and dice.often(0.9):
        made["grant"] = random_grants.GrantMaker(dice, name_of(made)).grant(9)
    if dice.often(0.12):
        made["grant_tokens"] = dice.some(TOKENS, 2)
    return made


def name_of(asked: Request) -> str:
    """The caller's ARN or service name; empty for an anonymous one."""
    principal = asked["principal"]
    return str(principal["arn"] if isinstance(principal, dict) else principal)


def _caller(dice: Dice) -> dict[str, Any] | str:
    if dice.often(0.12):
        return dict(dice.one([*words.SERVICES, *words.SERVICES, words.NOBODY]))
    account = dice.one((words.OWNER, words.OWNER, words.OWNER, words.PARTNER, words.STRANGER))
    caller: dict[str, Any] = dict(dice.one(words.callers_of(account)))
    if dice.often(0.1):
        return str(caller["arn"])
    if dice.often(0.4):
        caller["tags"] = dice.one(TAGS)
    if caller["kind"] == "role" and dice.often(0.1):
        caller["service_linked"] = True
    if caller["kind"] in ("role", "user") and dice.often(0.15):
        caller["id"] = words.UNIQUE_IDS[caller["kind"] == "user"]
    return caller


def _context(dice: Dice) -> dict[str, Any]:
    names = [name for name in condition_words.CONTEXT if dice.often(0.25)]
    if "kms:EncryptionContext:tenant" not in names and dice.often(0.4):
        names.append("kms:EncryptionContext:tenant")
    if "kms:EncryptionContext:Tenant" in names and dice.often(0.6):
        names.remove("kms:EncryptionContext:Tenant")
    if "acme:Project" in names and "ACME:project" in names:  # a request that gives a key twice is refused
        names.remove("ACME:project")
    return {name: dice.one(condition_words.CONTEXT[name]) for name in names}


def key_record(dice: Dice) -> dict[str, Any]:
    """The `key` object of a scenario."""
    fields: dict[str, Any] = {
        "KeySpec": dice.one(["SYMMETRIC_DEFAULT", "RSA_2048"]), "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS",
        "MultiRegion": dice.often(0.3), "Aliases": dice.one([[], ["alias/orders"], ["alias/orders", "alias/old"]]),
        "Tags": dice.one([{}, {"stage": "prod"}, {"stage": "test"}]), "AwsManaged": dice.often(0.2),
    }  # fmt: skip
    return {name: value for name, value in fields.items() if dice.often(0.6)}
