"""FILE → POLICY OR GRANTS: the files that stand for one thing each, in what forms AWS prints them.

A policy is the document itself, or what `get-key-policy`, `get-role-policy` and `get-policy-version` print
with the document inside, as an object or a string.
"""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import TYPE_CHECKING

from policy_engine.bundle.documents import parse_document
from policy_engine.bundle.files import read_file
from policy_engine.cli.failures import InputError
from policy_engine.errors import BundleError, PolicySyntaxError, Severity
from policy_engine.explain.shown import shown
from policy_engine.reading import read_policy_node
from policy_engine.syntax.json_limits import MAX_FILE_BYTES
from policy_engine.syntax.json_tree import JsonObject

if TYPE_CHECKING:
    from policy_engine.bundle.request_form import AskedRequest
    from policy_engine.model.grant import Grant
    from policy_engine.model.policy import Policy, PolicyKind
    from policy_engine.syntax.json_document import JsonDocument
    from policy_engine.syntax.json_tree import JsonNode

_WRAPPERS = (("Policy",), ("PolicyDocument",), ("PolicyVersion", "Document"), ("Document",))
_STANDARD_INPUT = "-"


def read_policy_file(file: str, kind: PolicyKind) -> Policy:
    """Read the policy of a file; its name is the file's without the suffix.

    Raises:
        BundleError: the file cannot be read.
        PolicySyntaxError: it is not strict JSON (or, by its suffix, YAML).
        PolicySchemaError: it holds no policy of this kind.
    """
    document = _document(read_file(file), file)
    return read_policy_node(_unwrapped(document.root), document.source, kind=kind, name=PurePath(file).stem)


def _document(content: bytes, name: str) -> JsonDocument:
    document = parse_document(content, name)
    for diagnostic in document.diagnostics:
        if diagnostic.severity is Severity.ERROR:
            raise PolicySyntaxError(diagnostic)
    return document


def _unwrapped(root: JsonNode) -> JsonNode:
    if not isinstance(root, JsonObject) or root.get("Statement") is not None:
        return root
    for path in _WRAPPERS:
        node: JsonNode | None = root
        for name in path:
            node = node.get(name) if isinstance(node, JsonObject) else None
        if node is not None:
            return node
    return root


def read_grants_file(file: str, key_arn: str) -> tuple[Grant, ...]:
    """Read the grants of a key, as `aws kms list-grants` prints them.

    Raises:
        InputError: the list was cut off.
        BundleError: the file cannot be read, or a grant in it cannot.
        PolicySyntaxError: it is not strict JSON.
    """
    from policy_engine.bundle.dump_form import GrantsForm  # noqa: PLC0415 - pydantic, only with --grants
    from policy_engine.bundle.grant_form import read_grants  # noqa: PLC0415 - as above
    from policy_engine.bundle.validation import validate  # noqa: PLC0415 - as above

    document = _document(read_file(file), file)
    form, faults = validate(GrantsForm, document.root, document.source)
    if form is None or faults:
        raise BundleError(faults)
    if form.incomplete:
        raise InputError(f"`{shown(file)}` is not the whole list of grants", "print it without --max-items")
    grants, faults = read_grants(form.grants, key_arn)
    if any(fault.severity is Severity.ERROR for fault in faults):
        raise BundleError(faults)
    return grants


def read_request_file(file: str) -> AskedRequest:
    """Read a request object; `-` is standard input.

    Raises:
        BundleError: the file cannot be read, or holds no request object.
        PolicySyntaxError: it is not strict JSON.
        RequestError: the principal or the grant in question is none.
    """
    from policy_engine.bundle.request_form import (  # noqa: PLC0415 - pydantic, only with --request
        RequestForm,
        read_request,
    )
    from policy_engine.bundle.validation import validate  # noqa: PLC0415 - as above

    if file == _STANDARD_INPUT:
        document = _document(sys.stdin.buffer.read(MAX_FILE_BYTES + 1), "<standard input>")
    else:
        document = _document(read_file(file), file)
    form, faults = validate(RequestForm, document.root, document.source)
    if form is None or faults:
        raise BundleError(faults)
    return read_request(form)
