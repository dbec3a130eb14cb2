"""`explain-access check`: one request, decided and explained."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from policy_engine.cli.failures import ExitCode
from policy_engine.cli.question import Question
from policy_engine.cli.sources import Sources, source_options
from policy_engine.cli.terminal import columns, stdout_paint, write, write_error
from policy_engine.engine.policy_engine import PolicyEngine
from policy_engine.explain import explain
from policy_engine.explain.document import document
from policy_engine.explain.open_questions import keys_not_given
from policy_engine.explain.shown import shown
from policy_engine.explain.text import oneline, render
from policy_engine.model.decision import Outcome

if TYPE_CHECKING:
    from policy_engine.explain import Explanation
    from policy_engine.model.bundle import Bundle

_MOST_WARNINGS = 5
_EXAMPLES = """\b
Examples:
  explain-access check --bundle access/ -p role/app -a kms:Decrypt -k alias/orders -e tenant=acme
  explain-access check --bundle access/ -p user/alice -a kms:PutKeyPolicy -k alias/orders --expect denied
  explain-access check --bundle access/ --request request.json --format json
  explain-access check --bundle access/ -p role/app -a kms:Decrypt -k alias/orders --unknown-rest
  explain-access check --key-policy key.json -p arn:aws:iam::111122223333:role/app -a kms:Encrypt \\
      -k arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab

\b
Exit status:
  0 allowed, or as expected    1 denied, or not as expected    2 usage error
  3 input unreadable or invalid, no such key or principal
  4 undetermined: a deciding value is not known                5 internal failure
"""
_EXPECTED = {
    "allowed": frozenset({Outcome.ALLOWED}),
    "denied": frozenset({Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY}),
    "explicitDeny": frozenset({Outcome.EXPLICIT_DENY}),
    "implicitDeny": frozenset({Outcome.IMPLICIT_DENY}),
    "undetermined": frozenset({Outcome.UNDETERMINED}),
}


class _PairType(click.ParamType[tuple[str, str]]):
    """`KEY=VALUE`; the value may hold anything, commas and equals signs too."""

    name = "KEY=VALUE"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's own signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, str]:
        key, equals, rest = str(value).partition("=")
        if not equals or not key:
            self.fail(f"`{shown(str(value))}` is not KEY=VALUE", param, ctx)
        return key, rest


_PAIR = _PairType()


@click.command(epilog=_EXAMPLES)
@click.option(
    "-p", "--principal", metavar="NAME", help="The caller: an ARN, role/app, user/alice, a service."
)
@click.option("-a", "--action", metavar="ACTION", help="What is called: kms:Decrypt.")
@click.option("-k", "--key", metavar="NAME", help="On which key: an ARN, a key id, alias/orders.")
@click.option("-c", "--context", type=_PAIR, multiple=True, help="A condition key. Repeatable.")
@click.option(
    "-e",
    "--encryption-context",
    type=_PAIR,
    multiple=True,
    help="A pair of the encryption context. Repeatable.",
)
@click.option(
    "--grant-token", "grant_tokens", multiple=True, metavar="TOKEN", help="A grant token. Repeatable."
)
@click.option(
    "--request", "request_file", metavar="FILE", help="A request object instead; - is standard input."
)
@click.option(
    "--unknown",
    multiple=True,
    metavar="KEY",
    help="A condition key that may have any value, or none; one that ends in : or / stands for all that "
    "begin with it. Repeatable.",
)
@click.option(
    "--unknown-rest", is_flag=True, help="All condition keys that are not given may have any value, or none."
)
@source_options
@click.option("--expect", type=click.Choice(list(_EXPECTED)), help="Exit 0 if this is the outcome, else 1.")
@click.option(
    "--format", "output", type=click.Choice(["text", "oneline", "json"]), default="text", show_default=True
)
@click.option("--debug", is_flag=True, help="Print a traceback on an internal failure.")
def check(
    principal: str | None,
    action: str | None,
    key: str | None,
    context: tuple[tuple[str, str], ...],
    encryption_context: tuple[tuple[str, str], ...],
    grant_tokens: tuple[str, ...],
    request_file: str | None,
    unknown: tuple[str, ...],
    unknown_rest: bool,  # noqa: FBT001 - click passes options by name
    expect: str | None,
    output: str,
    debug: bool,  # noqa: FBT001 - click passes options by name
    **sources: Any,  # noqa: ANN401 - the fields of Sources
) -> int:
    """Say whether a request is allowed, and why.

    A condition key that is not given is absent, unless it is said to be unknown. A denial shows the closest
    miss, and the smallest changes that would allow the request; each was tried.
    """
    del debug
    if unknown and unknown_rest:
        raise click.UsageError("--unknown-rest stands for every --unknown KEY: leave one of them out")
    if "" in unknown:
        raise click.UsageError("--unknown wants the name of a condition key")
    question = Question(
        principal, action, key, context, encryption_context, grant_tokens, request_file, unknown
    )
    asked = question.resolve(Sources(**sources))
    _warn(asked.bundle)
    engine = PolicyEngine(asked.bundle)
    not_known = (*asked.unknown, *(keys_not_given(engine, asked.request) if unknown_rest else ()))
    explanation = explain(engine, asked.request, unknown=not_known)
    _OUTPUTS[output](explanation, expect)
    if any(diagnostic.code == "internal-error" for diagnostic in explanation.decision.diagnostics):
        return ExitCode.INTERNAL
    return _exit_code(explanation.decision.outcome, expect)


def _exit_code(outcome: Outcome, expect: str | None) -> ExitCode:
    if expect is None and outcome is Outcome.UNDETERMINED:
        return ExitCode.UNDETERMINED
    return ExitCode.OK if outcome in _EXPECTED[expect or "allowed"] else ExitCode.NO


def _text(explanation: Explanation, expect: str | None) -> None:
    write(render(explanation, width=columns(), paint=stdout_paint()))
    if expect is not None:
        as_expected = _exit_code(explanation.decision.outcome, expect) is ExitCode.OK
        write(f"{'expected':<17} {expect}: {'as expected' if as_expected else 'NOT as expected'}")


def _oneline(explanation: Explanation, expect: str | None) -> None:
    del expect
    write(oneline(explanation))


def _json(explanation: Explanation, expect: str | None) -> None:
    del expect
    write(json.dumps(document(explanation), indent=2))


_OUTPUTS = {"text": _text, "oneline": _oneline, "json": _json}


def _warn(bundle: Bundle) -> None:
    """What reading the sources found besides, to standard error."""
    for diagnostic in bundle.diagnostics[:_MOST_WARNINGS]:
        write_error(f"{diagnostic.severity}: {shown(str(diagnostic), 500)}")
    more = len(bundle.diagnostics) - _MOST_WARNINGS
    if more > 0:
        write_error(f"and {more} more; policy-lint shows them all")
