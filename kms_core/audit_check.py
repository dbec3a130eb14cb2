"""Is a home's audit log what was written? Its chains, and its checkpoints by the token's own key.

What `kmsgate audit verify` asks. Not the checks themselves (`audit.verification`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.audit.log import AuditLog
from kms_core.audit.verification import verify_rows
from kms_core.gate import Gate
from kms_core.hsm import open_token
from kms_core.hsm.protocol import CHECKPOINT_ACTION
from kms_core.store.audit_rows import all_checkpoints, all_rows
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date
from policy_engine import PolicyEngine

if TYPE_CHECKING:
    from pathlib import Path

    from kms_core.audit.verification import LogReport
    from kms_core.home import Home
    from kms_core.model.sources import Sources


def verify_home(
    home: Home,
    pin: str,
    sources: Sources,
    *,
    kept: tuple[int, str] | None = None,
    module: Path | None = None,
) -> LogReport:
    """Check the audit log of a home, as it was before this look at it, which is recorded too.

    Raises:
        ConfigurationError: there is no home or no module, the PIN is wrong, or the database is of a version
            that is not known here.
        KMSInternalError: the HSM or the store fails.
    """
    home.require()
    with Database.open(home.database) as database:
        bring_up_to_date(database)
        hsm = open_token(home.path, pin, module=module)
        try:
            with database.read() as connection:
                connection.exec_driver_sql("SELECT count(*) FROM audit")  # what is seen is what is there now
                gate = Gate(PolicyEngine(), AuditLog(database, sources), sources)
                with gate.serve("kmsgate", CHECKPOINT_ACTION, "a check of the audit log") as permit:
                    return verify_rows(
                        all_rows(connection),
                        all_checkpoints(connection),
                        lambda text: hsm.checkpoint_mac(permit, text),
                        kept=kept,
                    )
        finally:
            hsm.close()
