"""Loads the catalogue's data file."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

CATALOG: dict[str, dict[str, Any]] = json.loads(
    files("policy_engine.catalog").joinpath("kms.json").read_text(encoding="utf-8")
)
