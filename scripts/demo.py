"""The main job in one go, for `make demo`: allowed, denied, granted, linted; then the same on a real token.

Every line that it prints comes from the commands and the library that users have.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from kms_core import open_kms
from kms_core.errors import AccessDeniedError
from kms_core.home import Home
from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database
from policy_engine import load_bundle

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
BUNDLE = "fixtures/bundles/acme"
HOME = ROOT / ".demo" / "home"
ACCOUNT = "arn:aws:iam::111122223333"
ADMIN, APP, STRANGER = (f"{ACCOUNT}:role/{name}" for name in ("admin", "app", "batch"))
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": f"{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "AppUsesItForTenantAcme",
            "Effect": "Allow",
            "Principal": {"AWS": APP},
            "Action": ["kms:Encrypt", "kms:Decrypt"],
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:EncryptionContext:tenant": "acme"}},
        },
    ],
}


def title(text: str) -> None:
    """A heading."""
    print(f"\n── {text} {'─' * max(0, 100 - len(text))}\n", flush=True)


def run(expected: int, *command: str) -> None:
    """Show a command, run it, and stop the demo if it ends otherwise than it should."""
    print("$", " ".join(command), flush=True)
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, check=False)  # noqa: S603 - our own
    if done.returncode != expected:
        sys.exit(f"demo: `{command[0]}` ended with {done.returncode} instead of {expected}")


def ask(principal: str, action: str, expected: int, *context: str) -> None:
    """One question to explain-access."""
    run(
        expected,
        "explain-access",
        "check",
        "--bundle",
        BUNDLE,
        "-p",
        principal,
        "-a",
        action,
        "-k",
        "alias/orders",
        *context,
    )


def new_home() -> str:
    """A new token and database in .demo/home, and its PIN."""
    shutil.rmtree(HOME.parent, ignore_errors=True)
    HOME.parent.mkdir()
    os.environ.pop("KMSGATE_PIN", None)
    run(0, "kmsgate", "init", "--home", str(HOME.relative_to(ROOT)))
    return (HOME / "pin").read_text(encoding="utf-8").strip()


def for_real(pin: str) -> None:
    """Create a key, encrypt, decrypt, and be refused, on the token that was just made."""
    with open_kms(HOME, pin, bundle=load_bundle(ROOT / BUNDLE)) as kms:
        context = {"tenant": "acme"}
        key = kms.create_key(ADMIN, description="orders", policy=json.dumps(KEY_POLICY))
        print(f"CreateKey  by role/admin, which gets  {key.arn}")
        blob = kms.encrypt(APP, key.arn, b"card 4711", context).ciphertext_blob
        print(f"Encrypt    by role/app, which gets    {len(blob)} bytes of ciphertext")
        print(f"Decrypt    by role/app, which gets    {kms.decrypt(APP, blob, context).plaintext!r}")
        try:
            kms.decrypt(STRANGER, blob, context)
            sys.exit("demo: role/batch decrypted, and must not")
        except AccessDeniedError as error:
            print(f"Decrypt    by role/batch, which gets  {error.code}")
            print(f"           {error.message}")


def decisions() -> None:
    """What the audit log says of each call: what was decided, and by which statements."""
    print("\nthe decision before each call, as the audit log has it:")
    with Database.open(Home(HOME).database) as database, database.read() as connection:
        for row in all_rows(connection):
            entry = json.loads(row.record)
            principal = entry["principal"].rpartition(":")[2]
            for decision in entry["decisions"]:
                rests_on = ", ".join(decision["determining"]) or "nothing allows it"
                print(f"  {decision['action']:<14} {principal:<12} {decision['outcome']:<13} {rests_on}")


def main() -> None:
    """The whole demo."""
    title("1. an allowed access, explained")
    ask("role/app", "kms:Decrypt", 0, "-e", "tenant=acme")
    title("2. a denied access, and what was missing")
    ask("role/app", "kms:Decrypt", 1, "-e", "tenant=Acme")
    title("3. an access that a grant allows")
    ask("role/batch", "kms:GenerateDataKey", 0, "-e", "tenant=acme")
    title("4. a bad key policy, linted")
    run(1, "policy-lint", "check", "fixtures/lint/K501/bad-nobody-is-allowed.json")
    title("5. for real: a new SoftHSM2 token, and the gate before it")
    for_real(new_home())
    decisions()
    print("\nThe token and the audit log are in .demo/home: .venv/bin/kmsgate doctor --home .demo/home")


if __name__ == "__main__":
    main()
