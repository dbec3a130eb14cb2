"""Response files of NIST's validation programme (CAVP): blocks of `name = value` lines under headings in brackets."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import cryptography_vectors

from tests.kms_core.vectors.wycheproof import Vector

_ROOT = Path(cryptography_vectors.__file__).parent
SECTION = "section"
"""The field of a group that holds a heading without a value, such as `P-256,SHA-256`."""


def responses(file: str, answer: str) -> list[Vector]:
    """The tests of a file: the blocks that have the field `answer`. What stands before them is their group's."""
    found: list[Vector] = []
    group: dict[str, str] = {}
    lines = (_ROOT / file).read_text().splitlines()
    for blank, block in groupby(
        (line.strip() for line in lines if not line.startswith("#")), lambda line: not line
    ):
        if blank:
            continue
        fields = dict(_field(line) for line in block)
        if answer not in fields:
            group |= fields
            continue
        told = fields.get("Result", "P")
        result = "invalid" if "FAIL" in fields or told.startswith("F") else "valid"
        found.append(Vector(f"{file}#{len(found)} {told}", result, fields, dict(group)))
    return found


def _field(line: str) -> tuple[str, str]:
    name, equals, value = line.strip("[]").partition("=")
    return (SECTION, name) if line.startswith("[") and not equals else (name.strip(), value.strip())
