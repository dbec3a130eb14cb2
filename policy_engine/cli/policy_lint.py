"""The command `policy-lint`: findings about policies, with exact positions.

It holds no rule of its own: it reads what it is pointed at, runs the rules, and writes the report in the
forms that were asked for.

Exit codes: 0 clean, or below the fail level; 1 findings; 2 usage; 3 nothing to lint, or a path that cannot be
used. Where SARIF is written 1 becomes 0 unless --strict, since uploaders take it for a crash.
"""

from __future__ import annotations

import os
import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy_engine.cli.failures import InputError, run
from policy_engine.cli.lint_rule import rule, unknown_rule
from policy_engine.cli.terminal import columns, wants_colour, write, write_error
from policy_engine.errors import Severity
from policy_engine.lint.severity import ORDER, weighs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.errors import Diagnostic
    from policy_engine.lint.linter import Report
    from policy_engine.lint.rule import Rule

_NAME = "policy-lint"
_FORMATS = ("full", "concise", "json", "sarif", "github")
_FOR_MACHINES = frozenset({"json", "sarif", "github"})
"""Formats whose readers expect a text even where there was nothing to lint."""
_LEVELS = tuple(severity.value for severity in ORDER)
_EXAMPLES = """\b
Examples:
  policy-lint check policies/
  policy-lint check keys/orders.json --type key --output-format concise
  policy-lint check access/ --output-format full --output-format sarif=lint.sarif
  aws kms get-key-policy --key-id alias/orders --output json | policy-lint -
  policy-lint rule K501
"""


class LintExit(IntEnum):
    """How the command ends."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    NOTHING = 3


class _CheckByDefault(click.Group):
    """A group for which `policy-lint PATH` is `policy-lint check PATH`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `check` where no command is named."""
        if args and args[0] not in self.commands and args[0] not in {"--help", "--version"}:
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_CheckByDefault, epilog=_EXAMPLES)
@click.version_option(package_name="kmsgate", message="%(prog)s %(version)s")
def policy_lint() -> None:
    """Find what is wrong with key policies, identity policies and grants. `policy-lint PATH` checks."""


class _Output(click.ParamType[tuple[str, str | None]]):
    """FORMAT or FORMAT=FILE."""

    name = "FORMAT[=FILE]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str | None]:
        """The format and the file; None for standard output."""
        if isinstance(value, tuple):
            return value
        name, equals, file = str(value).partition("=")
        if name not in _FORMATS:
            self.fail(f"there is no format `{name}`: write one of {', '.join(_FORMATS)}", param, ctx)
        if equals and not file:
            self.fail(f"`{name}=` names no file", param, ctx)
        return name, file or None


@policy_lint.command(epilog=_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH ...|-]")
@click.option(
    "--type",
    "type_name",
    type=click.Choice(("auto", "key", "identity", "grant")),
    default="auto",
    help="What a policy that stands alone is; auto: a key policy if its statements name principals.",
)
@click.option(
    "--select", multiple=True, metavar="CODE", help="Run only these: K501, public-key, or a family: K."
)
@click.option("--ignore", multiple=True, metavar="CODE", help="Do not run these.")
@click.option(
    "--fail-level",
    type=click.Choice(_LEVELS),
    default="security",
    show_default=True,
    help="The lightest severity that fails the run.",
)
@click.option(
    "--output-format",
    "outputs",
    type=_Output(),
    multiple=True,
    default=("full",),
    help=f"One of {', '.join(_FORMATS)}; repeatable, each to a file of its own but one.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 on findings where SARIF is written, too.")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def check(
    paths: tuple[str, ...],
    *,
    type_name: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_level: str,
    outputs: tuple[tuple[str, str | None], ...],
    strict: bool,
    debug: bool,
) -> int:
    """Check policy files, folders, or standard input (-); without a path, the working folder.

    A file is a policy by itself, what `aws iam` or `aws kms` print about policies, or a bundle.
    """
    del debug  # cli.failures looks for it where it is needed
    _check_outputs(outputs)
    rules = _selected(_codes(select), _codes(ignore))
    report, broken = _report(paths or (".",), type_name, rules)
    for name, file in outputs:
        if report.files or name in _FOR_MACHINES:
            _write(report, name, file)
    if broken:
        return LintExit.NOTHING
    in_sarif = any(name == "sarif" for name, _ in outputs)
    failed = any(weighs(finding.severity, Severity(fail_level)) for finding in report.findings)
    return LintExit.FINDINGS if failed and (strict or not in_sarif) else LintExit.CLEAN


def _codes(values: tuple[str, ...]) -> list[str]:
    return [code.strip() for value in values for code in value.split(",") if code.strip()]


def _check_outputs(outputs: tuple[tuple[str, str | None], ...]) -> None:
    files = [file for _, file in outputs]
    if len(set(files)) != len(files):
        raise click.UsageError("two formats would be written to one place: write FORMAT=FILE for all but one")


def _selected(select: Sequence[str], ignore: Sequence[str]) -> tuple[Rule, ...]:
    from policy_engine.lint.registry import UnknownRuleError, select as select_rules  # noqa: PLC0415, I001 - only where rules run

    try:
        return select_rules(select, ignore)
    except UnknownRuleError as error:
        raise click.UsageError(unknown_rule(error)) from None


def _report(paths: Sequence[str], type_name: str, rules: tuple[Rule, ...]) -> tuple[Report, bool]:
    """The report, and whether a path could not be used or there was nothing to lint."""
    from policy_engine.cli.lint_inputs import read_inputs  # noqa: PLC0415 - `rule` and `--help` need no files
    from policy_engine.lint.linter import lint  # noqa: PLC0415 - as above

    inputs = read_inputs(paths, type_name)
    bundle, diagnostics = inputs.bundle()
    report = lint(inputs.documents, rules, bundle=bundle, diagnostics=diagnostics, skipped=inputs.skipped)
    for fault in inputs.faults:
        _tell(fault)
    if inputs.is_empty and not inputs.faults:
        write_error(f"{_NAME}: there is nothing to lint: no file holds a policy")
    return report, bool(inputs.faults) or inputs.is_empty


def _tell(fault: Diagnostic) -> None:
    from policy_engine.syntax.json_faults import printable  # noqa: PLC0415 - only where something is at fault

    place = printable(fault.span.file, 400) if fault.span else ""
    write_error(f"{_NAME}: {place}: {printable(fault.message, 400)}")
    if fault.help:
        write_error(f"  help: {printable(fault.help, 400)}")


def _write(report: Report, name: str, file: str | None) -> None:
    from policy_engine.lint.outputs import FORMATS  # noqa: PLC0415 - only where something is written
    from policy_engine.lint.outputs.look import PLAIN, Look  # noqa: PLC0415 - as above

    look = Look(wants_colour(sys.stdout, os.environ), columns()) if file is None else PLAIN
    text = FORMATS[name](report, look)
    if file is None:
        if text:
            write(text)
        return
    try:
        Path(file).write_text(f"{text}\n" if text else "", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise InputError(
            f"`{file}` cannot be written: {error.strerror}", "name a file in a folder that exists"
        ) from None


policy_lint.add_command(rule)


def main() -> None:
    """Run the command as a process does."""
    sys.exit(run(policy_lint, _NAME))
