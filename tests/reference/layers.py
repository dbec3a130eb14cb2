"""The policies of a case, layer by layer: which apply to a caller, and which of their statements hold.

Not here: what the layers make together (evaluate). The rules: 4, 18, 21, 22, 34, 74, 76, 79, 98, 100 and 106 of the
semantics page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.reference.callers import WITHOUT_POLICIES, caller_of
from tests.reference.context import keys_of
from tests.reference.documents import statements_of
from tests.reference.statements import Question, Row, rows

if TYPE_CHECKING:
    from tests.reference.context import Keys

Statements = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Layers:
    """The statements that hold; None for a layer that is absent or does not apply."""

    question: Question
    identity: list[Row]
    key: list[Row] | None
    boundary: list[Row] | None
    session: list[Row] | None
    scps: list[list[Row]]
    rcps: list[Row]
    endpoint: list[Row] | None

    @property
    def denies(self) -> frozenset[str]:
        """All explicit denies (rule 1)."""
        applicable = [self.identity, self.rcps, *self.scps]
        applicable += [layer or [] for layer in (self.key, self.boundary, self.session, self.endpoint)]
        return frozenset(row.label for layer in applicable for row in layer if not row.allows)


def layers_of(case: dict[str, Any]) -> Layers:
    """The layers of a case.

    Raises:
        InvalidPolicyError: one of its policies must be refused.
    """
    policies = case["policies"]
    read = {
        name: statements_of(policies[name], _LAYERS[name])
        for name in _LAYERS
        if policies.get(name) is not None
    }
    identity = [statements_of(policy, "identity") for policy in policies.get("identity") or []]
    scps, rcps = (
        [[statements_of(policy, layer) for policy in level] for level in policies.get(f"{layer}s") or []]
        for layer in ("scp", "rcp")
    )
    question = _question(case, has_boundary="permissions_boundary" in read)
    own = question.caller.kind not in WITHOUT_POLICIES
    of_own = {name: statements for name, statements in read.items() if own or name in {"key", "vpc_endpoint"}}
    return Layers(
        question=question,
        identity=_documents(identity, "identity", question) if own else [],
        key=_one(of_own, "key", question),
        boundary=_one(of_own, "permissions_boundary", question),
        session=_one(of_own, "session", question),
        scps=_levels(scps, "scp", question) if own and not question.caller.service_linked else [],
        rcps=_rcps(case, rcps, question),
        endpoint=None if _forwarded(question.keys) else _one(of_own, "vpc_endpoint", question),
    )


_LAYERS = {"key": "key", "permissions_boundary": "boundary", "session": "session", "vpc_endpoint": "endpoint"}


def _question(case: dict[str, Any], *, has_boundary: bool) -> Question:
    request = case["request"]
    caller = caller_of(request["principal"])
    return Question(
        caller=caller,
        action=request["action"],
        resource=request.get("resource", "*"),
        keys=keys_of(case, caller),
        has_boundary=has_boundary and caller.kind not in WITHOUT_POLICIES,
    )


def _one(read: dict[str, Statements], name: str, question: Question) -> list[Row] | None:
    layer = _LAYERS[name]
    return rows(read[name], layer, layer, question) if name in read else None


def _documents(documents: list[Statements], layer: str, question: Question) -> list[Row]:
    """The rows of a list of documents; the index of an only document is left out of their labels."""
    found = []
    for index, statements in enumerate(documents):
        label = layer if len(documents) == 1 else f"{layer}[{index}]"
        found += rows(statements, layer, label, question)
    return found


def _levels(levels: list[list[Statements]], layer: str, question: Question) -> list[list[Row]]:
    return [
        [
            row
            for index, statements in enumerate(documents)
            for row in rows(statements, layer, f"{layer}[{level}][{index}]", question)
        ]
        for level, documents in enumerate(levels)
    ]


def _rcps(case: dict[str, Any], levels: list[list[Statements]], question: Question) -> list[Row]:
    """The deny rows of the RCPs; their allow rows are not asked (rule 4)."""
    managed = (case.get("key") or {}).get("AwsManaged", False)  # rule 34
    if (
        managed or question.caller.service_linked or question.action.lower() == "kms:retiregrant"
    ):  # rules 74, 100
        return []
    return [row for level in _levels(levels, "rcp", question) for row in level if not row.allows]


def _forwarded(keys: Keys) -> bool:
    """Whether a service forwards the call (rule 98)."""
    return "kms:viaservice" in keys or keys.get("aws:viaawsservice") == ["true"]
