"""Reads a Principal or NotPrincipal element.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_engine.model.opaque import Opaque
from policy_engine.model.principal import EntryKind, PrincipalElement, PrincipalEntry
from policy_engine.reading.elements import Elements, elements_of
from policy_engine.reading.reader import opaque_of
from policy_engine.syntax.arn import is_account_id, parse_arn
from policy_engine.syntax.json_faults import printable
from policy_engine.syntax.json_tree import JsonObject, JsonOpaque, JsonString

if TYPE_CHECKING:
    from policy_engine.reading.reader import Reader
    from policy_engine.span import Span
    from policy_engine.syntax.json_tree import JsonNode

_TYPES = Elements("Principal", ("AWS", "Service", "Federated", "CanonicalUser"))
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_UNIQUE_ID = re.compile(r"(?:AROA|AIDA|ASIA|AKIA)[A-Z0-9]{12,124}", re.ASCII)
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.[a-z]+(?:\.[a-z]+)*", re.ASCII)
_PARTITION = re.compile(r"aws(?:-[a-z]+)*", re.ASCII)
# The service and the resource's first part → what the ARN names.
_ARN_KINDS = {
    ("iam", "user"): EntryKind.USER,
    ("iam", "role"): EntryKind.ROLE,
    ("sts", "assumed-role"): EntryKind.ASSUMED_ROLE,
    ("sts", "federated-user"): EntryKind.FEDERATED_USER,
}
_FORMS = "an account id, or the ARN of an account's root, a user, a role or a session"


def read_principal(reader: Reader, node: JsonNode, *, negated: bool) -> PrincipalElement | None:
    """The principals that an element names; None where it is of no form that it may have."""
    what = "NotPrincipal" if negated else "Principal"
    span = node.span(reader.source)
    if isinstance(node, JsonString):
        if node.value == "*":
            return PrincipalElement((PrincipalEntry(EntryKind.EVERYONE, "*", "*", span),), negated, span)
        reader.error(
            "invalid-principal",
            f"`{printable(node.value)}` is no {what}",
            span,
            f'write "*", or an object such as {{"AWS": "{node.value if parse_arn(node.value) else "..."}"}}',
        )
        return None
    if isinstance(node, JsonOpaque):
        return PrincipalElement((), negated, span, (Opaque(node.name),))
    if not isinstance(node, JsonObject):
        reader.wrong_type(node, what, '"*" or an object')
        return None
    if not node.members:
        reader.mild("empty-list", f"{what} is empty: it lists nothing", span)
    texts = [
        (kind, item)
        for kind, value in elements_of(reader, node, _TYPES).items()
        for item in reader.strings(value, f"{what}.{kind}")
    ]
    entries = [
        entry
        for kind, item in texts
        if item.opaque is None and (entry := _entry(reader, kind, item.text, item.span)) is not None
    ]
    return PrincipalElement(tuple(entries), negated, span, opaque_of([item for _, item in texts]))


def _entry(reader: Reader, kind: str, text: str, span: Span) -> PrincipalEntry | None:
    if not reader.identifier(text, span, "a principal", ascii_only=True):
        return None
    if kind == "AWS":
        return _aws(reader, text, span)
    if kind == "Service":
        if _SERVICE.fullmatch(text):
            return PrincipalEntry(EntryKind.SERVICE, text, text, span)
        reader.error(
            "invalid-principal",
            f"`{printable(text)}` is no service principal",
            span,
            "write a name such as s3.amazonaws.com",
        )
        return None
    entry_kind = EntryKind.FEDERATED if kind == "Federated" else EntryKind.CANONICAL_USER
    reader.mild(
        "unsupported-principal",
        f"KMS key policies take no {kind} principals",
        span,
        "name AWS and Service principals",
    )
    return PrincipalEntry(entry_kind, text, text, span)


def _aws(reader: Reader, text: str, span: Span) -> PrincipalEntry | None:
    if text == "*":
        return PrincipalEntry(EntryKind.EVERY_AWS, text, text, span)
    if is_account_id(text):
        return PrincipalEntry(EntryKind.ACCOUNT, text, text, span)
    if _UNIQUE_ID.fullmatch(text):
        return PrincipalEntry(EntryKind.UNIQUE_ID, text, text, span)
    if "*" in text or "?" in text:
        reader.error(
            "wildcard-in-principal",
            f"`{printable(text)}` has a wildcard, and a principal's ARN may have none",
            span,
            'name "*" and bound it with the condition key aws:PrincipalArn',
        )
        return None
    entry = _arn(text, span)
    if entry is None:
        reader.error("invalid-principal", f"`{printable(text)}` is no AWS principal", span, f"write {_FORMS}")
    return entry


def _arn(text: str, span: Span) -> PrincipalEntry | None:
    arn = parse_arn(text)
    if arn is None or not _PARTITION.fullmatch(arn.partition) or arn.region or not is_account_id(arn.account):
        return None
    if arn.service == "iam" and arn.resource == "root":
        return PrincipalEntry(EntryKind.ACCOUNT, arn.account, text, span)
    first, _, rest = arn.resource.partition("/")
    kind = _ARN_KINDS.get((arn.service, first))
    return PrincipalEntry(kind, text, text, span) if kind and rest else None
