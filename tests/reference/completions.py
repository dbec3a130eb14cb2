"""A case whose session's role is not known, completed: one case for each role that it may be of.

Rule 87 of docs/semantics.md: a session's ARN has its role's name and not the path, so aws:PrincipalArn is some ARN of that
name. What the context says of it counts.
"""

from typing import Any

from tests.reference.principals import caller_of

PRINCIPAL_ARN = "aws:PrincipalArn"
PATHS = ("", "team/", "other/team/")


def completions(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The case itself where nothing is left open."""
    request = case["request"]
    caller = caller_of(request["principal"])
    context = request.get("context") or {}
    said = any(name.lower() == PRINCIPAL_ARN.lower() and value != [] for name, value in context.items())
    if caller.kind != "assumed-role" or caller.role_arn is not None or said:
        return [case]
    _, partition, _, _, account, session = caller.arn.split(":", 5)
    name = session.split("/")[1]
    arns = [f"arn:{partition}:iam::{account}:role/{path}{name}" for path in PATHS]
    others = {key: value for key, value in context.items() if key.lower() != PRINCIPAL_ARN.lower()}
    return [case | {"request": request | {"context": others | {PRINCIPAL_ARN: arn}}} for arn in arns]
