"""The forms of a report, and that nothing a policy holds leaves them raw."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING

import jsonschema
import pytest
from inline_snapshot import snapshot

from policy_engine.cli.lint_shape import LintDocument
from policy_engine.lint.outputs import FORMATS
from policy_engine.lint.outputs.look import PLAIN, Look
from policy_engine.lint.registry import RULES
from tests.lint.cases import BAD, FIXTURES, named, report_on

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Use", "Effect": "Allow", "Principal": "*", "Action": "kms:Decyrpt", "Resource": "*"},
    {"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
  ]
}
"""
POSITION = {
    "type": "object",
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    "required": ["line", "column"],
    "additionalProperties": False,
}
FINDING = {
    "type": "object",
    "properties": {
        "rule": {"pattern": "^[A-Z][0-9]{3}$"},
        "name": {"type": "string"},
        "severity": {"enum": ["error", "security", "warning", "note"]},
        "message": {"type": "string", "minLength": 1},
        "help": {"type": ["string", "null"]},
        "file": {"type": "string"},
        "start": POSITION,
        "end": POSITION,
        "pointer": {"pattern": "^(/.*)?$"},
        "policy": {
            "type": ["object", "null"],
            "required": ["type", "name"],
            "additionalProperties": {"type": "string"},
        },
        "sid": {"type": ["string", "null"]},
        "related": {
            "type": "array",
            "items": {"type": "object", "required": ["file", "start", "end", "message"]},
        },
        "fix": {"type": "null"},
        "witness": {
            "type": ["object", "null"],
            "required": ["principal", "action", "resource", "context", "unknown", "grant_tokens"],
        },
        "fingerprint": {"pattern": "^[0-9a-f]{64}$"},
        "suppressed": {"type": "null"},
        "baseline": {"const": "new"},
    },
    "additionalProperties": False,
}
FINDING["required"] = list(FINDING["properties"])
REPORT = {
    "type": "object",
    "properties": {
        "schema": {"const": "kmsgate/lint/1"},
        "findings": {"type": "array", "items": FINDING},
        "skipped": {"type": "array", "items": {"type": "object", "required": ["file", "reason"]}},
        "summary": {
            "type": "object",
            "required": [
                "error",
                "security",
                "warning",
                "note",
                "fixable",
                "suppressed",
                "files",
                "policies",
            ],
            "additionalProperties": {"type": "integer", "minimum": 0},
        },
    },
    "required": ["schema", "findings", "skipped", "summary"],
    "additionalProperties": False,
}
# The part of the SARIF 2.1.0 schema that this output uses, with its requirements, and those of code scanning.
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "message": MESSAGE,
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {
                        "uri": {"pattern": "^[!#-;=?-Z_a-z~%]+$"},
                        "uriBaseId": {"type": "string"},
                    },
                    "additionalProperties": False,
                },
                "region": {
                    "type": "object",
                    "required": ["startLine", "startColumn", "endLine", "endColumn"],
                    "additionalProperties": {"type": "integer", "minimum": 1},
                },
            },
        },
    },
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results", "columnKind"],
                "properties": {
                    "columnKind": {"const": "unicodeCodePoints"},
                    "originalUriBaseIds": {"type": "object"},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": [
                                                "id",
                                                "shortDescription",
                                                "fullDescription",
                                                "help",
                                                "defaultConfiguration",
                                                "properties",
                                            ],
                                            "properties": {
                                                "shortDescription": MESSAGE,
                                                "fullDescription": MESSAGE,
                                                "help": {**MESSAGE, "required": ["text", "markdown"]},
                                                "defaultConfiguration": {
                                                    "type": "object",
                                                    "properties": {"level": LEVEL},
                                                },
                                                "properties": {
                                                    "type": "object",
                                                    "required": ["tags", "precision"],
                                                    "properties": {
                                                        "tags": {"contains": {"const": "security"}},
                                                        "security-severity": {"pattern": r"^\d+\.\d$"},
                                                    },
                                                },
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": [
                                "ruleId",
                                "ruleIndex",
                                "level",
                                "message",
                                "locations",
                                "partialFingerprints",
                            ],
                            "properties": {
                                "level": LEVEL,
                                "message": MESSAGE,
                                "locations": {"type": "array", "minItems": 1, "items": LOCATION},
                                "relatedLocations": {"type": "array", "uniqueItems": True, "items": LOCATION},
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                            },
                        },
                    },
                },
            },
        },
    },
}


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.json"
    path.write_text(ORDERS, encoding="utf-8")
    return path


def written(path: Path, name: str, look: Look = PLAIN) -> str:
    return FORMATS[name](report_on(path), look)


def test_full(orders: Path) -> None:
    assert written(orders, "full") == snapshot("""\
error[A101]: KMS has no action `kms:Decyrpt`
 --> orders.json:4:67  key policy orders, /Statement/0/Action (Sid "Use")
  |
4 | …{"Sid": "Use", "Effect": "Allow", "Principal": "*", "Action": "kms:Decyrpt", "Resource": "*"},
  |                                                                ^^^^^^^^^^^^^
  |
  = help: did you mean `kms:Decrypt`?
  = help: policy-lint rule A101

warning[S010]: the Sid `Use` stands twice
 --> orders.json:5:5  key policy orders, /Statement/1 (Sid "Use")
  |
5 | … {"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "…
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: give every statement a Sid of its own
  = help: policy-lint rule S010

Found 1 error, 1 warning.  1 policy in 1 file, 0 skipped.\
""")


def test_concise(orders: Path) -> None:
    assert written(orders, "concise") == snapshot("""\
orders.json:4:67: error[A101] KMS has no action `kms:Decyrpt`
orders.json:5:5: warning[S010] the Sid `Use` stands twice
Found 1 error, 1 warning.  1 policy in 1 file, 0 skipped.\
""")


def test_github(orders: Path) -> None:
    assert written(orders, "github") == snapshot("""\
::error title=A101 unknown-action,file=orders.json,line=4,endLine=4,col=67,endColumn=80::KMS has no action `kms:Decyrpt` (help: did you mean `kms:Decrypt`?)
::warning title=S010 duplicate-sid,file=orders.json,line=5,endLine=5,col=5,endColumn=112::the Sid `Use` stands twice (help: give every statement a Sid of its own)\
""")


def test_json(orders: Path) -> None:
    data = json.loads(written(orders, "json"))
    assert data["findings"][0] == snapshot(
        {
            "rule": "A101",
            "name": "unknown-action",
            "severity": "error",
            "message": "KMS has no action `kms:Decyrpt`",
            "help": "did you mean `kms:Decrypt`?",
            "file": "orders.json",
            "start": {"line": 4, "column": 67},
            "end": {"line": 4, "column": 80},
            "pointer": "/Statement/0/Action",
            "policy": {"type": "key", "name": "orders"},
            "sid": "Use",
            "related": [],
            "fix": None,
            "witness": None,
            "fingerprint": "c5e89371e8b585df92bcfee96e9b12c19b6ca0c15e14736e00e9a627149b0057",
            "suppressed": None,
            "baseline": "new",
        }
    )
    assert data["summary"] == snapshot(
        {
            "error": 1,
            "security": 0,
            "warning": 1,
            "note": 0,
            "fixable": 0,
            "suppressed": 0,
            "files": 1,
            "policies": 1,
        }
    )


@pytest.mark.parametrize("path", BAD, ids=named)
def test_json_and_sarif_are_what_their_schemas_say(path: Path) -> None:
    data = json.loads(written(path, "json"))
    jsonschema.validate(data, REPORT)
    LintDocument.model_validate(data)
    log = json.loads(written(path, "sarif"))
    jsonschema.validate(log, SARIF)
    results, listed = log["runs"][0]["results"], log["runs"][0]["tool"]["driver"]["rules"]
    assert [r["ruleId"] for r in results] == [f["rule"] for f in data["findings"]]
    for result, finding in zip(results, data["findings"], strict=True):
        assert listed[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]["policyLint/v1"] == finding["fingerprint"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] == finding["start"]["line"]
        assert region["endColumn"] == finding["end"]["column"]


def test_sarif_lists_every_rule_and_weighs_only_security() -> None:
    log = json.loads(written(FIXTURES / "P301" / "bad-everyone.json", "sarif"))
    listed = log["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in listed] == [rule.id for rule in RULES]
    assert [rule["id"] for rule in listed if "security-severity" in rule["properties"]] == ["P301"]


def test_a_sarif_message_links_to_the_related_places_and_brackets_of_policies_are_no_links(
    tmp_path: Path,
) -> None:
    path = tmp_path / "links.json"
    path.write_text(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"},'
        ' "Action": ["kms:*", "[click](https://example.com)"], "Action": "kms:*", "Resource": "*"}]}',
        encoding="utf-8",
    )
    results = json.loads(written(path, "sarif"))["runs"][0]["results"]
    texts = [result["message"]["text"] for result in results]
    assert all("[click]" not in text for text in texts)
    linked = next(result for result in results if result["ruleId"] == "S002")
    assert linked["message"]["text"].endswith("[first seen here](1)")
    assert linked["relatedLocations"][0]["id"] == 1


HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202e\u2066\u200b\u2028\x9b31m::error::%0A\r\n,x"


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("indent", [None, 1])
def test_nothing_that_a_policy_holds_leaves_raw(name: str, indent: int | None, tmp_path: Path) -> None:
    statement = {
        "Sid": HOSTILE,
        "Effect": HOSTILE,
        "Principal": {"AWS": HOSTILE, HOSTILE: "x"},
        "Action": ["kms:*", HOSTILE],
        "Resource": [f"arn:aws:s3:::{HOSTILE}"],
        "Condition": {HOSTILE: {HOSTILE: HOSTILE}, "StringEquals": {f"kms:{HOSTILE}": HOSTILE, "x": "y"}},
        HOSTILE: 1,
    }
    readable = {
        **statement,
        "Effect": "Allow",
        "Principal": "*",
        "Condition": {"StringLike": {"kms:ViaService": HOSTILE}},
    }
    del readable[HOSTILE]
    documents = {"Version": HOSTILE, "Statement": [statement, {**readable, "Action": "kms:*"}]}
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(documents, indent=indent, ensure_ascii=False), encoding="utf-8")
    text = written(path, name, Look(colour=False, width=200))
    assert "S003" in text
    raw = {c for c in text if c not in " \n" and unicodedata.category(c)[0] in "CZ"}
    assert raw == set()
    if name == "github":
        assert all(re.match(r"::(error|warning|notice) title=", line) for line in text.splitlines())


def test_a_github_property_cannot_end_early(tmp_path: Path) -> None:
    path = tmp_path / "a,line=1::b%0A.json"
    path.write_text(ORDERS, encoding="utf-8")
    first = written(path, "github").splitlines()[0]
    assert ",file=a%2Cline=1%3A%3Ab%250A.json," in first


def test_colour_is_added_only_where_it_is_asked_for(orders: Path) -> None:
    coloured = written(orders, "full", Look(colour=True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == written(orders, "full")


@pytest.mark.parametrize("width", [40, 60, 100, 400])
def test_a_long_line_is_cut_around_what_is_marked(width: int, tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    path.write_text(json.dumps(json.loads(ORDERS) | {"Id": "x" * 300}), encoding="utf-8")
    lines = written(path, "full", Look(width=width)).splitlines()
    shown = [(line, lines[i + 1]) for i, line in enumerate(lines) if re.match(r" *\d+ \|", line)]
    assert shown
    for line, marks in shown:
        assert len(line) <= max(width, 40) + 1
        start, end = marks.index("^"), marks.rindex("^") + 1
        assert line[start:end].strip()


def test_columns_of_wide_characters_and_tabs_are_those_of_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "wide.json"
    path.write_text(
        '{"Version": "2012-10-17", "Statement": [{"Sid": "鍵鍵",\t"Effect": "Allow", '
        '"Principal": {"AWS": "111122223333"}, "Action": ["kms:*", "kms:Decyrpt"], "Resource": "*"}]}',
        encoding="utf-8",
    )
    lines = written(path, "full", Look(width=300)).splitlines()
    line, marks = next((text, lines[i + 1]) for i, text in enumerate(lines) if text.startswith("1 |"))
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in line[: marks.index("^")])
    assert line[marks.index("^") - wide :].startswith('"kms:Decyrpt"')
