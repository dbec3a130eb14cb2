"""What the grammar accepts is what RFC 8259 says, which is what `json` accepts less what `json` adds to it."""

from __future__ import annotations

import json
import random
import string
from typing import Any

import pytest

from policy_engine.errors import PolicySyntaxError
from policy_engine.syntax.json_document import parse_json
from policy_engine.syntax.json_tree import (
    JsonArray,
    JsonBoolean,
    JsonNode,
    JsonNull,
    JsonNumber,
    JsonObject,
    JsonString,
)

VALID = [
    "{}", "[]", '""', "0", "-0", "-1", "1.5", "1e3", "1E+3", "1.25e-3", "true", "false", "null", " [1] ", "\t{}\r\n",
    '"\\u0041\\n\\t\\\\\\/\\b\\f\\r\\""', '"\\ud83d\\ude00"', '"😀"', '"\u2028"', '"\x7f"', '{"":0}', '{"a":{"b":[{},[]]}}',
    '["a"]', '[ "a" , "b\\n" ]', '{"a":"b","c":["d","e"],"f":"g","h":1,"i":"j"}', '{"a":["]","["],"b":"\\"}"}',
    "[1,2,3]", '["a" , "b"]', '{"a" : 1 , "b":2}', "[\n]", "{\n}", '"\\u0000"', "123456789012345678901234567890",
]  # fmt: skip
INVALID = [
    "", " ", "{", "}", "[", "]", '"', "'a'", "{a:1}", "{'a':1}", '{"a"}', '{"a":}', '{"a":1,}', "[1,]", "[,1]", "[1 2]",
    "01", "+1", "1.", ".5", "1e", "1e+", "0x10", "--1", "- 1", "1_000", "1f", "tru", "True", "NULL", "nul", "truefalse",
    '"\\x41"', '"\\u12"', '"\\u12g4"', '"\\"', '"a\tb"', '"a\nb"', '"\x00"', '"\x1f"', "[1]\x00", "[1] 2", "{}{}", "// c\n1",
    "/* c */1", "1 // c", "\x0c1", "\u00a01", '{"a":1 "b":2}', '{"a" 1}', '["a""b"]', "[1}", '{"a":1]', "{,}", "[,]", ",", ":",
    "{1:2}", "{null:1}", '{"a"::1}', "١", "-", '"\\', '["a', "[1,,2]", "[[]",
    '["a",]', '["a","b"', '["a";"b"]', '["a" "b"]', '["a",,"b"]', '{"a":"b",}', '{"a":"b" "c":"d"}', '{"a":["b"],"c"}',
    '{"a":["b","c":"d"}', '{"a":"b","c":"d"', '{"a":"b":"c"}', '["a","b\t"]', '{"a":"b","c\n":"d"}', '["a"]["b"]', '{"a":["b"]]',
    "undefined", "#c\n1", '"\ud800"',
]  # fmt: skip
# What Python's json takes although the standard or this reader does not.
STRICTER = [
    "NaN", "Infinity", "-Infinity", "[NaN]", '{"a":1,"a":2}', '{"a":"b","a":"c"}', '["x","\\ud800"]', '{"a":"\\udc00","b":"c"}', '{"a":1,"\\u0061":2}', '"\\ud800"', '"\\udc00\\ud800"',
    "1e400", "-1e400", "1" * 65, "[" * 33 + "]" * 33,
]  # fmt: skip


def plain(node: JsonNode) -> Any:  # noqa: ANN401 - any JSON value
    match node:
        case JsonObject(members=members):
            return {member.name: plain(member.value) for member in members}
        case JsonArray(items=items):
            return [plain(item) for item in items]
        case JsonString(value=value) | JsonBoolean(value=value):
            return value
        case JsonNumber(text=text):
            return json.loads(text)
        case JsonNull():
            return None
    raise AssertionError(node)


@pytest.mark.parametrize("text", VALID)
def test_a_valid_text_has_the_value_that_json_gives_it(text: str) -> None:
    assert plain(parse_json(text).root) == json.loads(text)


@pytest.mark.parametrize("text", INVALID)
def test_what_json_refuses_is_refused(text: str) -> None:
    if text != '"\ud800"':  # json looks at no lone surrogate that is not escaped
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
    with pytest.raises(PolicySyntaxError) as caught:
        parse_json(text)
    assert caught.value.help


@pytest.mark.parametrize("text", STRICTER)
def test_what_only_json_takes_is_refused(text: str) -> None:
    json.loads(text)
    with pytest.raises(PolicySyntaxError):
        parse_json(text)


def random_value(rng: random.Random, depth: int) -> Any:  # noqa: ANN401, PLR0911 - any JSON value, one for each
    kind = rng.randrange(9 if depth else 5)
    match kind:
        case 0:
            return rng.choice([None, True, False])
        case 1:
            return rng.randint(-(10**6), 10**6)
        case 2:
            return rng.uniform(-1e9, 1e9)
        case 3 | 4:
            alphabet = string.ascii_letters + ' "\\/\n\té😀*?${}'
            return "".join(rng.choice(alphabet) for _ in range(rng.randrange(8)))
        case 5:
            return [random_value(rng, depth - 1) for _ in range(rng.randrange(4))]
        case 6:  # strings alone, as most of a policy is
            return {f"k{i}": rng.choice(["", "x", ["y"], ["]", '"', "["]]) for i in range(rng.randrange(5))}
        case _:
            return {f"k{i}{rng.choice('ab')}": random_value(rng, depth - 1) for i in range(rng.randrange(4))}


def mutated(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    piece = rng.choice(list("{}[],:\"\\ \n\t0123456789.eE+-truefalsn/'\x00\x0c"))
    return rng.choice(
        [text[:at] + text[at + 1 :], text[:at] + piece + text[at:], text[:at] + piece + text[at + 1 :]]
    )


def standard_value(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """What json gives under the stricter rules, or ValueError."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError
        return dict(pairs)

    def refuse(_: str) -> None:
        raise ValueError

    value = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode()  # lone surrogates
    json.dumps(value, allow_nan=False)  # numbers out of range
    return value


@pytest.mark.parametrize("seed", range(400))
def test_random_texts_and_broken_ones_agree(seed: int) -> None:
    rng = random.Random(seed)
    text = json.dumps(random_value(rng, 4), indent=rng.choice([None, 1]), ensure_ascii=rng.random() < 0.5)
    for _ in range(rng.randrange(4)):
        text = mutated(rng, text)
    try:
        expected = standard_value(text)
    except ValueError:
        with pytest.raises(PolicySyntaxError):
            parse_json(text)
    else:
        assert plain(parse_json(text).root) == expected
