"""A denial in AWS's words: who may not do what on what, and which kind of policy is to blame.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.engine.combination import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.model.decision import Origin

_POLICY = {
    "identity": "an identity-based policy",
    "key": "a resource-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
    "scp": "a service control policy",
    "rcp": "a resource control policy",
    "endpoint": "a VPC endpoint policy",
    "task": "a session policy",
}
_NO_POLICY = {layer: text.partition(" ")[2] for layer, text in _POLICY.items()}
_ALLOWED = {
    "named": "the key policy names the caller",
    "direct": "the key policy names the caller's role",
    "delegated": "the key policy delegates to IAM, and IAM allows",
    "grant": "a grant allows it",
    "identity": "an identity-based policy allows it",
}


def allowed_reason(path: str | None) -> str:
    """Why a request is allowed, by the path that held; None where it is allowed whatever is not known."""
    return _ALLOWED[path] if path else "it is allowed whatever is not known"


def denied_reason(principal: str, action: str, resource: str, because: str) -> str:
    """The sentence that AWS answers with; `because` from `explicit` or `implicit`."""
    who = principal or "anonymous"
    return f"User: {who} is not authorized to perform: {action} on resource: {resource} {because}"


def explicit(denies: Sequence[Origin]) -> str:
    """How AWS words an explicit deny: by the kind of the first policy that denies."""
    return f"with an explicit deny in {_POLICY[denies[0].layer]}"


def implicit(action: str, relation: Relation, layer: str) -> str:
    """How AWS words an implicit deny, by the layer that should have allowed and does not."""
    if relation is Relation.UNKNOWN_KEY:
        return "because the key is not known"
    if relation is Relation.UNKNOWN_GRANT:
        return "because the key does not have the grant"
    if relation is Relation.ANONYMOUS:
        return "because KMS answers signed requests only"
    if relation is Relation.OTHER_PARTITION:
        return "because credentials of one partition are worth nothing in another"
    if relation is Relation.NOT_ACROSS_ACCOUNTS:
        return f"because the {action} action does not work across accounts"
    return f"because no {_NO_POLICY[layer]} allows the {action} action"


def blamed_layer(held: dict[str, bool], relation: Relation) -> str:
    """Which layer an implicit deny is blamed on, given which layers held; the outermost ceiling first."""
    for ceiling in ("scp", "endpoint", "task"):
        if not held[ceiling]:
            return ceiling
    if relation is not Relation.NO_KEY and not held["key"]:
        return "key"
    return next((layer for layer in ("identity", "boundary", "session") if not held[layer]), "key")
