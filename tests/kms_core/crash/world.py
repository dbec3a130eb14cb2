"""A prepared home, and what must be there after the changes that were acknowledged since."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from kms_core.home import create_home
from kms_core.model.sources import Sources
from kms_core.opening import open_kms

if TYPE_CHECKING:
    from pathlib import Path

    from kms_core.service import Kms

PIN = "pin-of-a-throw-away-token"
ROOT = "arn:aws:iam::111122223333:root"
APP = "arn:aws:iam::111122223333:role/app"
KEEPER = "arn:aws:iam::111122223333:role/keeper"
DOOMED = "alias/doomed"
TAGS = {"made": "whole", "cost": "7"}
DAY = 86_400
PERIOD = 90
SYMMETRIC: dict[str, str] = {}
RESIDENT = {"key_spec": "ECC_NIST_EDWARDS25519", "key_usage": "SIGN_VERIFY"}
"""Of such a key the private part is a file of the token's."""

Answer = dict[str, str]
"""What is to be known of a change."""


def _policy(*more: dict[str, object]) -> str:
    rule = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [rule, *more]})


WITH, WITHOUT = "with app", "without app"
POLICIES = {
    WITHOUT: _policy(),
    WITH: _policy(
        {"Effect": "Allow", "Principal": {"AWS": APP}, "Action": "kms:GenerateDataKey", "Resource": "*"}
    ),
}


def grantee(name: str) -> str:
    """Who uses the grant of that name; nothing else lets them use its key."""
    return f"arn:aws:iam::111122223333:role/{name}"


@dataclass
class State:
    """What is there.

    Attributes:
        keys: the state of each key.
        policies: which of the policies each key has.
        tags: the tags of each key.
        grants: the name of each grant by its id; all are on the world's key `orders`.
        rotations: the types of the rotations of each key that was rotated.
    """

    keys: dict[str, str] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)
    rotations: dict[str, list[str]] = field(default_factory=dict)

    def take(self, change: str, answer: Answer) -> None:
        """What a change makes of it."""
        match change, answer:
            case "create_key" | "create_resident_key", {"arn": arn}:
                self.keys[arn], self.policies[arn], self.tags[arn] = "Enabled", WITHOUT, TAGS
            case "schedule_key_deletion" | "cancel_key_deletion", {"arn": arn, "state": state}:
                self.keys[arn] = state
            case "run_due_jobs", {"arn": arn}:
                for each in (self.keys, self.policies, self.tags):
                    del each[arn]
            case "put_key_policy", {"arn": arn, "policy": policy}:
                self.policies[arn] = policy
            case "create_grant", {"id": grant, "name": name}:
                self.grants[grant] = name
            case "retire_grant" | "revoke_grant", {"id": grant}:
                del self.grants[grant]
            case "rotate_key_on_demand", {"arn": arn}:
                self.rotations.setdefault(arn, []).append("ON_DEMAND")
            case "rotate_on_its_date", {"arn": arn}:
                self.rotations.setdefault(arn, []).append("AUTOMATIC")
            case _:
                raise ValueError(change)


@dataclass
class World:
    """A home's state, and what else was handed out.

    Attributes:
        state: what must be there.
        orders: the key with the grants; its rotation is due.
        doomed: the key that is due for deletion in a week; it is resident, used, and has the alias `DOOMED`.
        sealed: of each symmetric key a ciphertext of its ARN.
        tokens: a token of each grant.
        records: how many allowed calls of each action the audit log of the prepared home has.
        objects: how many objects the token of the prepared home has.
    """

    state: State = field(default_factory=State)
    orders: str = ""
    doomed: str = ""
    sealed: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    objects: int = 0

    def take(self, change: str, answer: Answer) -> None:
        """What an acknowledged change makes of it."""
        self.state.take(change, answer)
        if "sealed" in answer:
            self.sealed[answer["arn"]] = answer["sealed"]
        if "token" in answer:
            self.tokens[answer["id"]] = answer["token"]

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> World:
        """From JSON."""
        content = json.loads(text)
        return cls(**{**content, "state": State(**content["state"])})


def opened(home: Path, days: float = 0) -> Kms:
    """The home, so many days later."""
    return open_kms(home, PIN, sources=Sources(now=lambda: time.time() + days * DAY))


def prepare(home: Path) -> World:
    """Make the home that each kill has a copy of."""
    world = World()
    create_home(home, PIN, Sources())
    with opened(home, -PERIOD) as kms:
        made = [make_key(kms, SYMMETRIC)]
        kms.enable_key_rotation(ROOT, made[0]["arn"], rotation_period_in_days=PERIOD)
    with opened(home) as kms:
        made += [make_key(kms, kind) for kind in (SYMMETRIC, SYMMETRIC, RESIDENT)]
        for answer in made:
            world.take("create_key", answer)
        world.orders, *_, pending, world.doomed = (answer["arn"] for answer in made)
        for name in ("first", "second"):
            world.take("create_grant", make_grant(kms, world.orders, name))
        kms.create_alias(ROOT, DOOMED, world.doomed)
        kms.sign(ROOT, world.doomed, b"used", "ED25519_SHA_512")
        for arn, days in ((pending, 30), (world.doomed, 7)):
            kms.schedule_key_deletion(ROOT, arn, pending_window_in_days=days)
            world.state.keys[arn] = "PendingDeletion"
    return world


def make_key(kms: Kms, kind: dict[str, str]) -> Answer:
    """Make a key, and encrypt under it where it can."""
    arn = kms.create_key(ROOT, policy=POLICIES[WITHOUT], tags=TAGS, **kind).arn
    if kind:
        return {"arn": arn}
    sealed = kms.encrypt(ROOT, arn, arn.encode()).ciphertext_blob
    return {"arn": arn, "sealed": b64encode(sealed).decode()}


def make_grant(kms: Kms, arn: str, name: str) -> Answer:
    """Make a grant to who is called as it is."""
    operations = ["Encrypt", "Decrypt"]
    made = kms.create_grant(ROOT, arn, grantee(name), operations, retiring_principal=KEEPER, name=name)
    return {"id": made.grant_id, "name": name, "token": made.grant_token}
