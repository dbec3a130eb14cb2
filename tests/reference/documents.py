"""Policy documents as data: what must be refused, and the statements of what may be read.

Not here: what a statement means (statements). The rules: 13, 17, 73, 92 and 105 of the semantics page, and the
grammar of the policy language:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.reference.conditions import WITH_VARIABLES, bare_operator, is_known, texts
from tests.reference.errors import InvalidPolicyError
from tests.reference.principals import account_of

if TYPE_CHECKING:
    from tests.reference.plain_data import Json

IDENTITY_KINDS = frozenset({"identity", "boundary", "session", "scp"})
VERSIONS = frozenset({"2012-10-17", "2008-10-17"})
WITH_VARIABLES_VERSION = "2012-10-17"
_OF_POLICY = frozenset({"Version", "Id", "Statement"})
_PAIRS = (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))
_OF_STATEMENT = frozenset({"Sid", "Effect", "Condition"} | {name for pair in _PAIRS for name in pair})


def statements_of(policy: Json, layer: str) -> list[dict[str, Any]]:
    """The statements of a policy, or of a string that holds one.

    Raises:
        InvalidPolicyError: it must be refused.
    """
    document = _loaded(policy) if isinstance(policy, str) else policy
    _require(isinstance(document, dict), "a policy is an object")
    _require(document.keys() <= _OF_POLICY, "a policy has an unknown element")
    _require("Statement" in document, "a policy has no Statement")
    _require(document.get("Version", "2008-10-17") in VERSIONS, "a policy has an unknown Version")
    _require(isinstance(document.get("Id", ""), str), "an Id is text")
    found = document["Statement"]
    statements = found if isinstance(found, list) else [found]
    for statement in statements:
        _check_statement(statement, layer)
        if document.get("Version") == WITH_VARIABLES_VERSION:
            _refuse_variables(statement)
    return statements


def _check_statement(statement: Json, layer: str) -> None:
    _require(isinstance(statement, dict), "a statement is an object")
    _require(statement.keys() <= _OF_STATEMENT, "a statement has an unknown element")
    _require(statement.get("Effect") in ("Allow", "Deny"), "an Effect is Allow or Deny")
    _require(isinstance(statement.get("Sid", ""), str), "a Sid is text")
    for plain, inverted in _PAIRS:
        _require(not (plain in statement and inverted in statement), f"both {plain} and {inverted}")
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        _require(name not in statement or _is_text_or_list(statement[name]), f"{name} is text")
    _check_presence(statement, layer)
    for name in ("Principal", "NotPrincipal"):
        if name in statement:
            _check_principals(statement[name])
    _check_condition(statement.get("Condition", {}))


def _check_presence(statement: dict[str, Any], layer: str) -> None:
    """Rule 105: which elements a kind of policy must and must not have."""
    has_principal = "Principal" in statement or "NotPrincipal" in statement
    if layer in IDENTITY_KINDS:
        _require(not has_principal, "a Principal in an identity policy")
        _require("Action" in statement or "NotAction" in statement, "a statement without Action")
        _require("Resource" in statement or "NotResource" in statement, "a statement without Resource")
    if layer == "key":
        _require(has_principal, "a statement of a key policy without Principal")
    allows = statement["Effect"] == "Allow"
    _require(not (allows and "NotPrincipal" in statement), "NotPrincipal goes with Deny only (rule 17)")


def _check_principals(element: Json) -> None:
    if element == "*":
        return
    _require(isinstance(element, dict), "a principal element is `*` or an object")
    for kind, values in element.items():
        _require(kind in ("AWS", "Service"), f"principals of the type {kind} are not known")
        _require(_is_text_or_list(values), "a principal is text")
        for value in values if isinstance(values, list) else [values]:
            _check_principal(kind, value)


def _check_principal(kind: str, value: str) -> None:
    if value == "*" and kind == "AWS":
        return
    _require("*" not in value and "?" not in value, "a wildcard in a principal (rule 13)")
    if kind == "AWS" and account_of(value) is None:
        is_id = value.isalnum() and value.isupper() and value.startswith("A")  # rule 14
        is_arn = value.startswith("arn:") and value.count(":") >= 5
        _require(is_id or is_arn, "a principal is an account, an ARN or a unique id")


def _check_condition(block: Json) -> None:
    _require(isinstance(block, dict), "a condition block is an object")
    _refuse_duplicates(block)
    for operator, keys in block.items():
        _require(is_known(operator), f"the operator {operator} is unknown or not supported yet")
        _require(isinstance(keys, dict), "an operator has an object of keys")
        _refuse_duplicates(keys)
        for values in keys.values():
            listed = values if isinstance(values, list) else [values]
            _require(all(isinstance(v, (str, bool, int, float)) for v in listed), "a condition's value")


def _refuse_duplicates(names: dict[str, Any]) -> None:
    """Rules 68 and 73: operators and keys ignore case, so two spellings of one are the same name twice."""
    _require(len({name.lower() for name in names}) == len(names), "a name twice")


def _refuse_variables(statement: dict[str, Any]) -> None:
    """Policy variables count in Resource and in String and Arn conditions (rule 64); not supported yet."""
    values = [*texts(statement.get("Resource", [])), *texts(statement.get("NotResource", []))]
    for operator, keys in statement.get("Condition", {}).items():
        if bare_operator(operator) in WITH_VARIABLES:
            values += [value for of_key in keys.values() for value in texts(of_key)]
    _require(not any("${" in value for value in values), "policy variables are not supported yet")


def _loaded(text: str) -> Json:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except ValueError as error:
        raise InvalidPolicyError(f"no JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _require(len(dict(pairs)) == len(pairs), "a name twice (rule 73)")
    return dict(pairs)


def _constant(name: str) -> None:
    raise InvalidPolicyError(f"{name} is no JSON")


def _is_text_or_list(value: Json) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value))


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise InvalidPolicyError(message)
