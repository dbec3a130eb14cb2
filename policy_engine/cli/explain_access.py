"""The command `explain-access`: who may use which key, and why.

It holds no rule of its own: it turns options into a request, asks the engine, and prints the explanation.
Each subcommand stands in a module of its own and is imported only when it is called, so that `check` starts
fast.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from policy_engine.cli.failures import run

_NAME = "explain-access"
_COMMANDS = {
    "check": ("policy_engine.cli.access_check", "Say whether a request is allowed, and why."),
    "completion": ("policy_engine.cli.access_completion", "Print the completion script of a shell."),
    "schema": ("policy_engine.cli.access_schema", "Print the JSON Schema of a format."),
    "test": ("policy_engine.cli.access_test", "Run scenario files."),
}
_EXAMPLES = """\b
Examples:
  explain-access check --bundle access/ -p role/app -a kms:Decrypt -k alias/orders -e tenant=acme
  explain-access test scenarios/
"""


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called; `--help` lists them without."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in `--help`."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, epilog=_EXAMPLES)
@click.version_option(package_name="kmsgate", message="%(prog)s %(version)s")
def explain_access() -> None:
    """Explain who may use which KMS key: the verdict, what it rests on, and what would change it."""


def main() -> None:
    """Run the command as a process does."""
    sys.exit(run(explain_access, _NAME))
