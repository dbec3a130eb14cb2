"""`explain-access schema`: the JSON Schema of what is read and printed, for editors and tools."""

from __future__ import annotations

import json
from importlib import import_module

import click

from policy_engine.cli.terminal import write

# name → where the function stands that gives its schema; imported only when it is asked for
_SCHEMAS = {
    "bundle": "policy_engine.bundle.schemas",
    "scenario": "policy_engine.bundle.schemas",
    "request": "policy_engine.bundle.schemas",
    "check": "policy_engine.explain.schema",
    "lint": "policy_engine.cli.lint_shape",
}
_EXAMPLES = """\b
Examples:
  explain-access schema scenario > scenario.schema.json
  explain-access schema check
"""


@click.command(epilog=_EXAMPLES)
@click.argument("name", type=click.Choice(list(_SCHEMAS)))
@click.option("--debug", is_flag=True, help="Print a traceback on an internal failure.")
def schema(name: str, debug: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Print the JSON Schema of a format."""
    del debug
    schemas = import_module(_SCHEMAS[name]).SCHEMAS
    write(json.dumps(schemas[name](), indent=2))
