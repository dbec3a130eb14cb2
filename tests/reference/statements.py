"""Which statements of a case match, layer by layer, and which layers concern the caller at all.

Rules 21, 22, 26, 30, 47, 63, 68, 74, 76 to 79, 92, 94 and 96 to 100 of docs/semantics.md.
"""

from dataclasses import dataclass
from typing import Any

from tests.reference import conditions, facts, patterns, principals, validity
from tests.reference.case import NO_KEY, Case

ACCOUNT_RESOURCE = {"createkey", "listkeys"}  # rule 30: these accept arn:P:kms:REGION:ACCOUNT:* as well
SHORT_ARNS = ("identity", "boundary", "session")  # rule 96


@dataclass(frozen=True, slots=True)
class Row:
    """One statement that matches the request."""

    layer: str
    level: int
    label: str
    effect: str
    how: frozenset[str] = frozenset()  # principals.py's words; empty for policies without Principal


def rows_of(case: Case, layer: str, levels: list[list[Any]]) -> list[Row]:
    """The statements of a layer that match. Raises `Invalid`, also for policies that do not concern the caller."""
    one_document = sum(map(len, levels)) == 1 and len(levels) == 1
    rows = []
    for level, documents in enumerate(levels):
        for number, document in enumerate(documents):
            where = f"[{level}][{number}]" if layer in ("scp", "rcp") else f"[{number}]"
            policy = validity.read(document, layer)
            for index, statement in enumerate(policy["Statement"]):
                label = f"{layer}{'' if one_document else where}:{index}"
                how = _statement_matches(case, layer, statement, policy["Version"])
                if how is not None:
                    rows.append(Row(layer, level, label, statement["Effect"], how))
    return rows


def _statement_matches(
    case: Case, layer: str, statement: dict[str, Any], version: str
) -> frozenset[str] | None:
    how: frozenset[str] = frozenset()
    if layer not in validity.IDENTITY_KINDS:
        how = frozenset(
            principals.statement_matches(statement, case.caller, case.options, bounded=case.bounded)
        )
        if not how:
            return None
    seen = facts.seen_by(layer, case.request["resource"], case.values)
    matched = (
        _action_matches(case.request["action"], statement)
        and _resource_matches(case, layer, statement, version, seen)
        and conditions.holds(statement, version, seen, case.options)
    )
    return how if matched else None


def _action_matches(action: str, statement: dict[str, Any]) -> bool:
    """Rules 26, 68."""
    negated = "NotAction" in statement
    listed = validity.texts(statement.get("NotAction" if negated else "Action", []))
    if not listed:
        return _covers_when_empty(statement, negated=negated)
    found = any(patterns.glob(patterns.wild(text.lower()), action.lower()) for text in listed)
    return found != negated


def _covers_when_empty(statement: dict[str, Any], *, negated: bool) -> bool:
    """Rules 26 and 92: nothing, but a Deny that spares nothing covers everything."""
    return negated and statement["Effect"] == "Deny"


def _resource_matches(
    case: Case, layer: str, statement: dict[str, Any], version: str, seen: facts.Values
) -> bool:
    negated = "NotResource" in statement
    listed = validity.texts(statement.get("NotResource" if negated else "Resource", []))
    if not listed:
        return _covers_when_empty(statement, negated=negated)
    found = []
    for text in listed:
        try:
            lookup = conditions.lookup_in(seen)
            pattern = patterns.expand(text, lookup) if version == "2012-10-17" else patterns.wild(text)
        except patterns.Unresolved:  # rules 63, 94
            if negated:
                return False
            continue
        found.append(_pattern_matches(case, layer, pattern))
    return any(found) != negated


def _pattern_matches(case: Case, layer: str, pattern: patterns.Pattern) -> bool:
    if case.of_kms and case.operation in NO_KEY:
        return patterns.everything(pattern) or _account_pattern(case, layer, pattern)
    return patterns.resource_matches(pattern, case.request["resource"], short=layer in SHORT_ARNS)


def _account_pattern(case: Case, layer: str, pattern: patterns.Pattern) -> bool:
    """Rule 30: arn:P:kms:REGION:ACCOUNT:*, of the caller's account, in the Region that the context names or in any."""
    if case.operation not in ACCOUNT_RESOURCE or case.caller.account is None:
        return False
    segments = patterns.split_arn(pattern)
    partition = case.caller.arn.split(":")[1]
    region = case.values.get("aws:requestedregion") or []
    if len(region) != 1 and len(segments) > 3:
        segments[3] = [patterns.STAR]
    arn = f"arn:{partition}:kms:{region[0] if len(region) == 1 else 'any'}:{case.caller.account}:*"
    return patterns.resource_matches(patterns.join_arn(segments), arn, short=layer in SHORT_ARNS)


def applies(case: Case, layer: str) -> bool:
    """Do the rows of this layer, denies too, concern this request?"""
    caller = case.caller
    if layer == "key":  # rules 30, 47, 83
        return not case.of_kms or (case.on_key and case.operation != "retiregrant")
    if layer == "endpoint":
        return not case.forwarded  # rule 76
    if layer == "rcp":  # rules 34, 74, 79, 100
        managed = case.key.get("AwsManaged") and case.of_kms and case.on_key
        return (
            not (managed or caller.service_linked or case.operation == "retiregrant")
            and case.account is not None
        )
    if caller.account is None:
        return False  # rules 21, 78: services and unsigned calls have none of the others
    if layer in ("scp", "boundary"):
        return not caller.service_linked  # rules 22, 79
    return True
