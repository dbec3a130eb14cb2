"""The main job in one go, for `make demo`: allowed, denied, granted, linted; then the same on a real token.

Every line that it prints comes from the commands and the library that users have.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kms_core import open_kms
from kms_core.errors import AccessDeniedError
from policy_engine import load_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
BUNDLE = "fixtures/bundles/acme"
HOME = ROOT / ".demo" / "home"
ADMIN = "arn:aws:iam::111122223333:role/admin"
STRANGER = "arn:aws:iam::111122223333:role/batch"


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


def step(what: str, call: Callable[[], str]) -> None:
    """One call into the core and what came of it."""
    try:
        print(f"{what:<46} ALLOWED  {call()}")
    except AccessDeniedError as error:
        print(f"{what:<46} DENIED   {error.code}: {error.message}")


def for_real(pin: str) -> None:
    """Create a key, encrypt, decrypt, and be refused, on the token that was just made."""
    with open_kms(HOME, pin, bundle=load_bundle(ROOT / BUNDLE)) as kms:
        key = kms.create_key(ADMIN, description="orders")
        context = {"tenant": "acme"}
        blob = kms.encrypt(ADMIN, key.arn, b"card 4711", context).ciphertext_blob
        step("CreateKey by role/admin", lambda: key.arn)
        step("Encrypt by role/admin, tenant=acme", lambda: f"{len(blob)} bytes of ciphertext")
        step("Decrypt by role/admin, tenant=acme", lambda: repr(kms.decrypt(ADMIN, blob, context).plaintext))
        step(
            "Decrypt by role/batch, tenant=acme", lambda: repr(kms.decrypt(STRANGER, blob, context).plaintext)
        )


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
    print("\nThe token and the audit log are in .demo/home: .venv/bin/kmsgate doctor --home .demo/home")


if __name__ == "__main__":
    main()
