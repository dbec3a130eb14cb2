"""What must be refused: policies that are not of the language.

Rules 13, 73 and 105 of docs/semantics.md. `read` turns a document or its text into plain data, or raises `Invalid`.
"""

import json
from typing import Any

from tests.reference.plain_data import Json

IDENTITY_KINDS = ("identity", "boundary", "session", "scp")
ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
PRINCIPAL_TYPES = {"AWS", "Service", "Federated", "CanonicalUser"}

STRING = ("stringequals", "stringnotequals", "stringequalsignorecase", "stringnotequalsignorecase", "stringlike", "stringnotlike")  # fmt: skip
ARN = ("arnequals", "arnlike", "arnnotequals", "arnnotlike")
NUMERIC = ("numericequals", "numericnotequals", "numericlessthan", "numericlessthanequals", "numericgreaterthan", "numericgreaterthanequals")  # fmt: skip
DATE = ("dateequals", "datenotequals", "datelessthan", "datelessthanequals", "dategreaterthan", "dategreaterthanequals")  # fmt: skip
OPERATORS = {*STRING, *ARN, *NUMERIC, *DATE, "bool", "null", "binaryequals", "ipaddress", "notipaddress"}
QUANTIFIERS = {"forallvalues": "all", "foranyvalue": "any"}


class Invalid(Exception):  # noqa: N818  # the expected answer of a case, named as scenarios name it
    """The policy must be refused."""


def read(document: Json, kind: str) -> dict[str, Any]:
    """A policy as plain data. Raises `Invalid`."""
    if isinstance(document, str):
        document = _parse(document)
    policy = _object(document, {"Version", "Id", "Statement"})
    version = policy.get("Version", "2008-10-17")
    _need(version in ("2008-10-17", "2012-10-17"), "unknown version")
    _need(isinstance(policy.get("Id", ""), str), "id")
    _need("Statement" in policy, "no statement")
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    for statement in statements:
        _check_statement(statement, kind, version)
    return {"Version": version, "Statement": statements}


def _parse(text: str) -> Json:
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid(str(error)) from error


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _need(len({name for name, _ in pairs}) == len(pairs), "duplicate key")  # rule 73
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise Invalid(name)


def _need(truth: object, why: str) -> None:
    if not truth:
        raise Invalid(why)


def _object(value: Json, names: set[str]) -> dict[str, Any]:
    _need(isinstance(value, dict) and set(value) <= names, "not the object that was expected")
    found: dict[str, Any] = value
    return found


def texts(value: Json) -> list[str]:
    """A string or a list of strings, as a list. Raises `Invalid`."""
    values = value if isinstance(value, list) else [value]
    _need(all(isinstance(one, str) for one in values), "not a string")
    return values


def _check_statement(value: Json, kind: str, version: str) -> None:
    statement = _object(value, ELEMENTS)
    _need(statement.get("Effect") in ("Allow", "Deny"), "effect")
    _need(isinstance(statement.get("Sid", ""), str), "sid")
    for name in ("Action", "Resource", "Principal"):
        _need(name not in statement or f"Not{name}" not in statement, f"both {name} and Not{name}")
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        texts(statement.get(name, []))
    _check_presence(statement, kind)
    for name in ("Principal", "NotPrincipal"):
        if name in statement:
            _check_principal(statement[name])
    for text in texts(statement.get("Resource", statement.get("NotResource", []))):
        _check_variables(text, version)
    _check_condition(statement.get("Condition", {}), version)


def _check_presence(statement: dict[str, Any], kind: str) -> None:
    """Rule 105."""
    has_principal = "Principal" in statement or "NotPrincipal" in statement
    if kind == "key":
        _need(has_principal, "no principal")
    if kind in IDENTITY_KINDS:
        _need(not has_principal, "principal")
        _need("Action" in statement or "NotAction" in statement, "no action")
        _need("Resource" in statement or "NotResource" in statement, "no resource")


def _check_principal(value: Json) -> None:
    if value == "*":
        return
    for type_, names in _object(value, PRINCIPAL_TYPES).items():
        for name in texts(names):
            everyone = name == "*" and type_ != "Service"
            _need(everyone or not ("*" in name or "?" in name), "wildcard in a principal")  # rule 13
            _need(name.isascii() and not name.startswith("arn::"), "no principal")  # rule 105


def operator_of(name: str) -> tuple[str | None, str, bool]:
    """An operator's name in three parts (rule 103): quantifier, operator in lower case, IfExists. Raises `Invalid`."""
    quantifier, colon, operator = name.lower().rpartition(":")
    _need(not colon or quantifier in QUANTIFIERS, "quantifier")
    if_exists = operator.endswith("ifexists")
    operator = operator.removesuffix("ifexists")
    _need(operator in OPERATORS and not (operator == "null" and if_exists), "operator")
    return QUANTIFIERS.get(quantifier), operator, if_exists


def _check_variables(text: str, version: str) -> None:
    """Rules 64 and 65: every `${` of the newer version begins the name of a condition key, or a character that it escapes."""
    if version != "2012-10-17":
        return
    for after in text.split("${")[1:]:
        name, closed, _ = after.partition("}")
        _need(closed and (name in ("*", "?", "$") or ":" in name.strip(":")), "variable")


def _check_condition(value: Json, version: str) -> None:
    _need(isinstance(value, dict), "condition")
    _need(len({name.lower() for name in value}) == len(value), "duplicate operator")  # rules 73, 103
    for name, keys in value.items():
        _, operator, _ = operator_of(name)
        _need(isinstance(keys, dict), "keys")
        _need(len({key.lower() for key in keys}) == len(keys), "duplicate condition key")  # rule 68
        for key, values in keys.items():
            _need(":".join(key.partition("/")[0].split(":")[:2]).isascii(), "look-alike")  # rule 105
            for one in values if isinstance(values, list) else [values]:
                _need(isinstance(one, str | int | float), "value")
                if operator in (*STRING, *ARN):
                    _check_variables(str(one), version)
