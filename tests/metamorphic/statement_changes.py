"""Changes of a case that must not, or must only in one direction, change its outcome.

Each takes a case and a source of randomness and returns a changed copy, or None where the case has nothing to change.
Plain data in, plain data out; nothing is decided here.
"""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

Case = dict[str, Any]
Document = dict[str, Any]
Statement = dict[str, Any]
Change = Callable[[Case, random.Random], Case | None]

EVERYTHING: Statement = {"Action": "*", "Resource": "*"}
WITH_PRINCIPAL = ("key", "rcps", "vpc_endpoint")
SINGLE = ("key", "permissions_boundary", "session", "vpc_endpoint")
POSITIVE = (
    "stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "bool", "binaryequals", "ipaddress", "null",
    "numericequals", "numericlessthan", "numericlessthanequals", "numericgreaterthan", "numericgreaterthanequals",
    "dateequals", "datelessthan", "datelessthanequals", "dategreaterthan", "dategreaterthanequals",
)  # fmt: skip


def documents(case: Case) -> Iterator[tuple[str, Document]]:
    """Every policy of a case with the name of its layer."""
    policies = case["policies"]
    for layer in SINGLE:
        if policies.get(layer):
            yield layer, policies[layer]
    for document in policies.get("identity") or []:
        yield "identity", document
    for layer in ("scps", "rcps"):
        for level in policies.get(layer) or []:
            for document in level:
                yield layer, document


def statements(document: Document) -> list[Statement]:
    """The statements of a policy, which may be one without a list, as a list that can be changed in place."""
    if not isinstance(document["Statement"], list):
        document["Statement"] = [document["Statement"]]
    listed: list[Statement] = document["Statement"]
    return listed


def shuffled(case: Case, rng: random.Random) -> Case | None:
    """The statements of every policy, and the grants, in another order."""
    made = copy.deepcopy(case)
    for _, document in documents(made):
        rng.shuffle(statements(document))
    rng.shuffle(made["policies"].get("grants") or [])
    return made


def duplicated(case: Case, rng: random.Random) -> Case | None:
    """Some statements of every policy twice."""
    made = copy.deepcopy(case)
    for _, document in documents(made):
        listed = statements(document)
        listed += [copy.deepcopy(one) for one in listed if rng.random() < 0.5]
    return made


def with_statement(case: Case, rng: random.Random, statement: Statement) -> Case | None:
    """A policy of the case, any, with one statement more, anywhere; in policies of resources for everyone."""
    made = copy.deepcopy(case)
    found = list(documents(made))
    if not found:
        return None
    layer, document = rng.choice(found)
    for_everyone = {"Principal": "*"} if layer in WITH_PRINCIPAL else {}
    listed = statements(document)
    listed.insert(rng.randint(0, len(listed)), {**copy.deepcopy(statement), **for_everyone})
    return made


def without_a_grant(case: Case, rng: random.Random) -> Case | None:
    """One grant of the key less."""
    made = copy.deepcopy(case)
    grants = made["policies"].get("grants") or []
    if not grants:
        return None
    grants.pop(rng.randrange(len(grants)))
    return made


def split(pieces: Callable[[Statement], list[Statement]]) -> Change:
    """The change that puts the pieces of every statement in its place."""

    def change(case: Case, _: random.Random) -> Case | None:
        made = copy.deepcopy(case)
        cut = False
        for _, document in documents(made):
            parts = [piece for one in statements(document) for piece in pieces(one)]
            cut = cut or len(parts) > len(document["Statement"])
            document["Statement"] = parts
        return made if cut else None

    return change


def by_element(name: str) -> Callable[[Statement], list[Statement]]:
    """A statement for each item of a list such as Action."""

    def pieces(statement: Statement) -> list[Statement]:
        listed = statement.get(name)
        return (
            [statement | {name: one} for one in listed]
            if isinstance(listed, list) and listed
            else [statement]
        )

    return pieces


def by_principal(statement: Statement) -> list[Statement]:
    """A statement for each principal."""
    element = statement.get("Principal")
    if not isinstance(element, dict):
        return [statement]
    each = [
        {type_: text}
        for type_, texts in element.items()
        for text in (texts if isinstance(texts, list) else [texts])
    ]
    return [statement | {"Principal": one} for one in each] or [statement]


def by_value(statement: Statement) -> list[Statement]:
    """A statement for each value of a condition under a positive operator: there the values are alternatives.

    Under ForAllValues they are not: each value of the request may match another one of them.
    """
    for operator, keys in statement.get("Condition", {}).items():
        quantifier, _, name = operator.lower().rpartition(":")
        alternatives = quantifier != "forallvalues" and name.removesuffix("ifexists") in POSITIVE
        if not alternatives or not isinstance(keys, dict):  # no object: one of the policies that are refused
            continue
        for key, values in keys.items():
            if isinstance(values, list) and len(values) > 1:
                made = [copy.deepcopy(statement) for _ in values]
                for one, value in zip(made, values, strict=True):
                    one["Condition"][operator][key] = value
                return [piece for one in made for piece in by_value(one)]
    return [statement]
