"""`policy-lint rule`: prints the documentation of rules, and writes their pages.

The pages in docs/rules are made by `policy-lint rule --all --pages docs/rules`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy_engine.cli.failures import InputError
from policy_engine.cli.terminal import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.lint.rule import Rule


def unknown_rule(error: Exception) -> str:
    """What to say of a rule that does not exist."""
    meant = getattr(error, "meant", None)
    return f"{error}: did you mean `{meant}`?" if meant else f"{error}: `policy-lint rule --all` lists them"


@click.command()
@click.argument("code", required=False, metavar="[CODE|NAME]")
@click.option("--all", "every", is_flag=True, help="All rules.")
@click.option(
    "--output-format", "form", type=click.Choice(("text", "json")), default="text", show_default=True
)
@click.option(
    "--pages",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Write a Markdown page for each rule into a folder.",
)
def rule(code: str | None, *, every: bool, form: str, pages: str | None) -> None:
    """Print what a rule looks for, why, and a bad and a good example."""
    from policy_engine.lint.documentation import as_data, as_text  # noqa: PLC0415 - only where rules are printed
    from policy_engine.lint.registry import RULES, UnknownRuleError, find_rule  # noqa: PLC0415 - as above

    if (code is None) == (not every):
        raise click.UsageError("name a rule, or write --all")
    try:
        rules = RULES if every else (find_rule(str(code)),)
    except UnknownRuleError as error:
        raise click.UsageError(unknown_rule(error)) from None
    if pages is not None:
        _write_pages(rules, Path(pages))
    elif form == "json":
        data = [as_data(each) for each in rules]
        write(json.dumps(data if every else data[0], indent=2))
    else:
        write("\n\n\n".join(as_text(each) for each in rules))


def _write_pages(rules: Sequence[Rule], folder: Path) -> None:
    from policy_engine.lint.documentation import as_markdown  # noqa: PLC0415 - only where pages are written

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in rules:
            (folder / f"{each.id}.md").write_text(as_markdown(each), encoding="utf-8")
    except OSError as error:
        message = f"`{folder}` cannot be written to: {error.strerror}"
        raise InputError(message, "name a folder that may be written to") from None
