"""Reads a YAML text into the tree that JSON texts have, with offsets, and stricter than YAML is.

One document of YAML 1.2; no tags, no merge keys, no keys but scalars (taken as their text), no
duplicate keys. Anchors are expanded within limits. ruamel.yaml gives the events, and no object is built.
"""

from __future__ import annotations

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from policy_engine.bundle.yaml_tree import TreeBuilder
from policy_engine.errors import Diagnostic, PolicySyntaxError
from policy_engine.span import Source, Span
from policy_engine.syntax import json_faults, json_limits
from policy_engine.syntax.json_document import JsonDocument

MAX_YAML_BYTES = 4 * 1024 * 1024
"""Reading YAML is slow, and what prints large files prints JSON."""


def parse_yaml(content: bytes, name: str) -> JsonDocument:
    """Read a YAML text into a tree; duplicate keys are among the document's diagnostics.

    Raises:
        PolicySyntaxError: the text is not YAML, or says what has no meaning in JSON.
    """
    text = json_limits.decode(content, name, MAX_YAML_BYTES)
    source = Source(name, text)
    builder = TreeBuilder(source)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "not understood"
        raise _syntax(source, mark.index if mark else 0, str(reason)) from None
    except ReaderError as error:
        raise _syntax(source, error.position, "the text holds a control character") from None
    except YAMLError as error:
        raise _syntax(source, 0, str(error)) from None
    if builder.root is None:
        raise PolicySyntaxError(json_faults.EMPTY.at(Span(source, 0, 0)))
    mark = [json_faults.byte_order_mark(source)] if text.startswith(json_limits.BYTE_ORDER_MARK) else []
    return JsonDocument(source, builder.root, (*mark, *builder.duplicates))


def _syntax(source: Source, offset: int, reason: str) -> PolicySyntaxError:
    place = Span(source, offset, min(offset + 1, len(source.text)))
    message = f"this is not YAML: {json_faults.printable(reason)}"
    return PolicySyntaxError(
        Diagnostic("yaml-syntax", message, place, "check indentation, quotes and colons")
    )
