"""The KMS: all its operations in one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.model.quotas import Quotas
from kms_core.model.sources import Sources
from kms_core.service.aliases import AliasOperations
from kms_core.service.core import assemble
from kms_core.service.cryptography import CryptographicOperations
from kms_core.service.data_keys import DataKeyOperations
from kms_core.service.due_jobs import DueJobs
from kms_core.service.grant_lists import GrantListOperations
from kms_core.service.grants import GrantOperations
from kms_core.service.key_agreement import KeyAgreementOperations
from kms_core.service.key_life import KeyLifeOperations
from kms_core.service.keys import KeyOperations
from kms_core.service.macs import MacOperations
from kms_core.service.policies import PolicyOperations
from kms_core.service.rotation import RotationOperations
from kms_core.service.scheduler import Scheduler
from kms_core.service.signatures import SignatureOperations
from kms_core.service.tags import TagOperations
from policy_engine import Bundle

if TYPE_CHECKING:
    from typing import Self

    from kms_core.hsm import Hsm
    from kms_core.service.core import Core
    from kms_core.store.database import Database

DEFAULT_REGION = "us-east-1"


class Kms(
    KeyOperations,
    KeyLifeOperations,
    AliasOperations,
    TagOperations,
    RotationOperations,
    CryptographicOperations,
    DataKeyOperations,
    SignatureOperations,
    MacOperations,
    KeyAgreementOperations,
    PolicyOperations,
    GrantOperations,
    GrantListOperations,
    DueJobs,
):
    """A KMS on one database and one HSM; safe for use by several threads.

    It owns both: leaving it as a context manager, or `close`, closes them.

    Args:
        database: brought up to date.
        hsm: open, and the one that the database goes with.
        bundle: the identity policies, groups, SCPs and so on of callers. Its keys do not count.
        region: where this service is.
        sources: time, ids and randomness.
        quotas: how much there may be of what.
        due_jobs: whether to run what is due when it is due, in a thread, until this is closed.
    """

    def __init__(
        self,
        database: Database,
        hsm: Hsm,
        *,
        bundle: Bundle | None = None,
        region: str = DEFAULT_REGION,
        sources: Sources | None = None,
        quotas: Quotas | None = None,
        due_jobs: bool = False,
    ) -> None:
        self._hsm = hsm
        self._core: Core = assemble(
            database, hsm, bundle or Bundle(), region, sources or Sources(), quotas or Quotas()
        )
        core = self._core
        self._scheduler = Scheduler(
            self.run_due_jobs, self._next_due, core.clock.now, bell=core.bell, closed=core.closed
        )
        if due_jobs:
            self._scheduler.start()

    def close(self) -> None:
        """Bind the audit log, and let go of the HSM and the database; a second time does nothing.

        A due job that runs is waited for; no other one begins.
        """
        self._scheduler.close()
        self._core.checkpoints.close()
        self._hsm.close()
        self._core.database.close()
        self._core.access.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
