"""The command `kmsgate` and its subcommands."""

from __future__ import annotations

import click

from kms_core.cli.audit import audit
from kms_core.cli.doctor import doctor
from kms_core.cli.init import init


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  kmsgate init --home ./kms      make a token and a database
  kmsgate doctor --home ./kms    see whether they are well
  kmsgate audit verify           see whether the decision log is what was written
""",
)
@click.version_option(package_name="kmsgate")
def main() -> None:
    """A small KMS on a PKCS#11 HSM, guarded by the policy engine."""


main.add_command(init)
main.add_command(doctor)
main.add_command(audit)
