"""`explain-access test`: runs scenario files and says which cases came out otherwise."""

from __future__ import annotations

import json
from dataclasses import dataclass

import click

from policy_engine.cli.failures import ExitCode, InputError, input_lines
from policy_engine.cli.terminal import stdout_paint, write
from policy_engine.errors import BundleError
from policy_engine.explain.shown import Style, shown

SCHEMA = "kmsgate/test/1"
_TEXT_LIMIT = 2000
_EXAMPLES = """\b
Examples:
  explain-access test scenarios/
  explain-access test orders.yaml partner.json --format json

\b
Exit status:
  0 all cases pass    1 a case failed    2 usage error    3 a file cannot be read, or there is no case
"""


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of a case; `name` is None for a file that cannot be read."""

    file: str
    name: str | None
    expected: str | None
    actual: str
    passed: bool
    error: str | None
    lines: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """The case in `kmsgate/test/1`."""
        names = ("file", "name", "expected", "actual", "passed", "error")
        return {name: getattr(self, name) for name in names}


@click.command(epilog=_EXAMPLES)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--debug", is_flag=True, help="Print a traceback on an internal failure.")
def test(
    paths: tuple[str, ...],
    output: str,
    debug: bool,  # noqa: FBT001 - click passes options by name
) -> int:
    """Run scenario files: requests, each with the outcome that it must have.

    A folder stands for all JSON and YAML files beneath it.
    """
    del debug
    results = [result for path in paths for result in _run(path)]
    _OUTPUTS[output](results)
    if any(result.name is None for result in results):
        return ExitCode.INPUT
    return ExitCode.OK if all(result.passed for result in results) else ExitCode.NO


def _run(path: str) -> list[_Result]:
    """The results of all cases beneath a path."""
    from policy_engine.bundle.scenario import check_case, load_scenarios  # noqa: PLC0415 - pydantic is slow to import

    try:
        cases = load_scenarios(path)
    except BundleError as error:
        return [_unreadable(path, error)]
    results = []
    for case in cases:
        if case.name is None or case.fault is not None:
            results.append(_unreadable(case.file, case.fault or InputError("the file holds no case")))
            continue
        verdict = check_case(case)
        results.append(
            _Result(case.file, case.name, verdict.expected, verdict.actual, verdict.passed, verdict.error)
        )
    return results


def _unreadable(file: str, error: Exception) -> _Result:
    lines = tuple(input_lines(error))
    return _Result(file, None, None, "invalid", passed=False, error=str(error), lines=lines)


def _text(results: list[_Result]) -> None:
    paint = stdout_paint()
    for result in results:
        if result.name is None:
            for line in result.lines:
                write(line)
        elif not result.passed:
            write(f"{paint('✘', Style.BAD)} {shown(result.file)}: {shown(result.name)}")
            write(
                f"    expected {result.expected}, got {result.actual}: "
                f"{shown(result.error or '', _TEXT_LIMIT)}"
            )
    passed = sum(result.passed for result in results)
    failed = len(results) - passed
    write(paint(f"{passed} passed, {failed} failed", Style.BAD if failed else Style.GOOD))


def _json(results: list[_Result]) -> None:
    passed = sum(result.passed for result in results)
    report = {
        "schema": SCHEMA,
        "passed": passed,
        "failed": len(results) - passed,
        "cases": [result.document() for result in results],
    }
    write(json.dumps(report, indent=2))


_OUTPUTS = {"text": _text, "json": _json}
