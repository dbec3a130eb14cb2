"""FILE → TREE: JSON or YAML by the file's name, with the limits of files that hold many policies."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING

from policy_engine.syntax.json_document import JsonDocument, parse_json
from policy_engine.syntax.json_limits import MAX_FILE_BYTES, MAX_POLICY_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FILE_DEPTH = 2 * MAX_POLICY_DEPTH
"""Deeper than for a policy, which stands some levels down."""
YAML_SUFFIXES = frozenset({".yaml", ".yml"})
SUFFIXES = frozenset({".json"}) | YAML_SUFFIXES


def is_yaml(name: str) -> bool:
    """Whether a file of this name is read as YAML; all others are read as JSON."""
    return PurePath(name).suffix.lower() in YAML_SUFFIXES


def parse_document(content: bytes, name: str) -> JsonDocument:
    """Read a file's content; duplicate keys are among the document's diagnostics.

    Raises:
        PolicySyntaxError: the content is neither strict JSON nor, where the name says so, YAML.
    """
    if is_yaml(name):
        from policy_engine.bundle.yaml_document import parse_yaml  # noqa: PLC0415 - only where there is YAML

        return parse_yaml(content, name)
    return parse_json(content, name, max_bytes=MAX_FILE_BYTES, max_depth=MAX_FILE_DEPTH, collect=True)


def document_of(data: Mapping[str, object], name: str) -> JsonDocument:
    """The document of plain data, as a JSON file of that content would be.

    Raises:
        PolicySyntaxError: the data nests too deep, or a string in it is not Unicode.
        TypeError: it holds what JSON has not.
    """
    return parse_document(json.dumps(data, indent=2).encode(), name)
