"""Whatever stands in its files, a bundle is loaded or refused with diagnostics, and nothing else happens."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from policy_engine import BundleError, load_bundle
from policy_engine.errors import Severity

BUNDLES = Path(__file__).parents[2] / "fixtures/bundles"
FILES = [
    "native/keys.json",
    "native/principals.yaml",
    "native/policies/orders.json",
    "acme/keys/orders/describe-key.json",
    "acme/keys/orders/get-key-policy.json",
    "acme/keys/orders/list-grants.json",
    "acme/authorization-details.json",
]
PIECES = [
    b"",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"null",
    b"1",
    b"\\",
    b"\n",
    b"*a",
    b"&a ",
    b"- ",
    b"\xff",
    b"\xc3",
]


def mutated(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    length = chance.choice([0, 1, 2, 20])
    return content[:start] + chance.choice(PIECES) + content[start + length :]


@pytest.mark.parametrize("name", FILES)
def test_mutated_files(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    root = tmp_path / "bundle"
    shutil.copytree(BUNDLES / name.partition("/")[0], root)
    path = root / name.partition("/")[2]
    content = path.read_bytes()
    refused = 0
    for _ in range(25):
        path.write_bytes(mutated(content, chance))
        try:
            load_bundle(root)
        except BundleError as error:
            refused += 1
            errors = [d for d in error.diagnostics if d.severity is Severity.ERROR]
            assert errors
            assert all(d.span is not None and d.span.begin <= d.span.finish for d in errors)
            assert all("\n" not in d.message and str(d) for d in errors)
    assert refused
