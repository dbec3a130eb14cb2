"""The JSON Schemas say what the readers do."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import jsonschema  # type: ignore[import-untyped] # it has no types of its own
import pytest

from policy_engine.bundle.scenario_form import OptionsForm
from policy_engine.bundle.schemas import SCHEMAS
from policy_engine.model.options import Options

FIXTURES = Path(__file__).parents[2] / "fixtures"
CHECKERS = {name: jsonschema.Draft202012Validator(schema()) for name, schema in SCHEMAS.items()}


def load(path: Path) -> object:
    content: object = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name]())


@pytest.mark.parametrize("path", sorted((FIXTURES / "scenarios").rglob("*.json")), ids=lambda path: path.stem)
def test_scenario_files_fit(path: Path) -> None:
    CHECKERS["scenario"].validate(load(path))


def test_a_native_bundle_fits() -> None:
    CHECKERS["bundle"].validate(load(FIXTURES / "bundles/native/keys.json"))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("bundle", {"schema": "kmsgate/bundle/1", "key": []}),
        ("bundle", {"keys": []}),
        ("bundle", {"schema": "kmsgate/bundle/1", "keys": [{"Arn": "x", "Policy": []}]}),
        ("scenario", {"schema": "kmsgate/scenario/1", "cases": [{"name": "x"}]}),
        ("request", {"principal": "x", "action": "y", "ressource": "z"}),
        ("request", {"principal": "x", "action": "y", "context": {"a": {}}}),
        ("request", {"principal": 1, "action": "y"}),
    ],
)
def test_what_is_refused_does_not_fit(name: str, wrong: object) -> None:
    assert not CHECKERS[name].is_valid(wrong)


@pytest.mark.parametrize(
    "principal",
    [
        "arn:aws:iam::111122223333:role/app",
        {
            "kind": "role",
            "arn": "arn:aws:iam::111122223333:role/app",
            "role_arn": None,
            "id": None,
            "tags": {},
            "groups": [],
            "service_linked": False,
        },
    ],
)
def test_a_request_fits_in_both_its_forms(principal: object) -> None:
    request = {"action": "kms:Decrypt", "context": {"a": ["x", True, 1.5]}, "unknown": [], "grant_tokens": []}
    CHECKERS["request"].validate({"principal": principal, **request})


def test_the_options_of_a_case_are_the_engine_s() -> None:
    assert OptionsForm().model_dump() == asdict(Options())
    assert OptionsForm().options() == Options()
