"""`explain-access completion`: the script that teaches a shell to complete the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from policy_engine.cli.failures import InputError
from policy_engine.cli.terminal import write

_EXAMPLES = """\b
Examples:
  explain-access completion bash > ~/.local/share/bash-completion/completions/explain-access
  explain-access completion zsh > "${fpath[1]}/_explain-access"
  explain-access completion fish > ~/.config/fish/completions/explain-access.fish
"""


@click.command(epilog=_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.option("--debug", is_flag=True, help="Print a traceback on an internal failure.")
@click.pass_context
def completion(context: click.Context, shell: str, debug: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Print the completion script of a shell."""
    del debug
    found = get_completion_class(shell)
    if found is None:
        raise InputError(f"there is no completion for {shell}")
    root = context.find_root()
    name = root.info_name or "explain-access"
    variable = f"_{name}_COMPLETE".replace("-", "_").upper()
    script = found(root.command, {}, name, variable)
    # not `source()`: that starts the shell to look at its version, and this one need not be installed here
    write(script.source_template % script.source_vars())
