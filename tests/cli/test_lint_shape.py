"""The schema of policy-lint's JSON is that of what lint writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema

from policy_engine.lint.documents import read_document
from policy_engine.lint.linter import lint
from policy_engine.lint.outputs.json_report import data_of
from policy_engine.lint.registry import RULES
from policy_engine.model.bundle import Skipped

if TYPE_CHECKING:
    from tests.cli.world import Command


def test_the_lint_schema_is_that_of_what_lint_writes(explain_access: Command) -> None:
    public = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}}'
    document = read_document(public.encode(), "key.json")
    report = lint([document], RULES, skipped=[Skipped("x.txt", "it is neither JSON nor YAML by its name")])
    data = data_of(report)
    assert any(finding.witness is not None for finding in report.findings)
    jsonschema.validate(data, explain_access("schema", "lint").json)
