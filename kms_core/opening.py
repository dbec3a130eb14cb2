"""Opening a home as a `Kms`: how the core is used as a library."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from kms_core.errors import ConfigurationError
from kms_core.home import Home, check_value
from kms_core.hsm import open_token
from kms_core.model.sources import Sources
from kms_core.service.kms import DEFAULT_REGION, Kms
from kms_core.store.database import Database
from kms_core.store.settings import read_settings
from kms_core.store.versions import bring_up_to_date

if TYPE_CHECKING:
    from kms_core.hsm import Hsm
    from kms_core.model.quotas import Quotas
    from policy_engine import Bundle


def open_kms(
    home: Path | str,
    pin: str,
    *,
    bundle: Bundle | None = None,
    region: str = DEFAULT_REGION,
    sources: Sources | None = None,
    module: Path | None = None,
    quotas: Quotas | None = None,
    oaep_outside: bool = True,
    due_jobs: bool = True,
) -> Kms:
    """Open a home; one at a time in a process, since a process can hold one token.

    Args:
        home: the folder that `kmsgate init` made.
        pin: the token's PIN.
        bundle: the identity policies and so on of callers.
        region: the Region of the keys' ARNs.
        sources: time, ids and randomness.
        module: the PKCS#11 module; else ``$KMSGATE_PKCS11_MODULE``, else where SoftHSM2 is installed.
        quotas: how much there may be of what.
        oaep_outside: False refuses RSA decryption that the token cannot do whole; see docs/security.md.
        due_jobs: keys whose waiting period is over are deleted on time, and keys whose rotation period is
            over are rotated, by a daemon thread that ends with `Kms.close`; False leaves that to whoever
            calls `Kms.run_due_jobs`.

    Raises:
        ConfigurationError: no home, a wrong PIN, no module, an unwritable folder, a database of a version
            that is not known here or of another token.
        HsmFaultError: the token is damaged.
    """
    place = Home(Path(home))
    place.require()
    sources = sources or Sources()
    with ExitStack() as opened:
        database = opened.enter_context(Database.open(place.database))
        bring_up_to_date(database)
        hsm = open_token(place.path, pin, module=module, oaep_outside=oaep_outside)
        opened.callback(hsm.close)
        require_pair(hsm, database, sources)
        kms = Kms(
            database,
            hsm,
            bundle=bundle,
            region=region,
            sources=sources,
            quotas=quotas,
            due_jobs=due_jobs,
        )
        opened.pop_all()  # from here on the Kms closes them
        return kms


def require_pair(hsm: Hsm, database: Database, sources: Sources) -> str:
    """Check that a token and a database belong together, and give the check value that says so.

    Raises:
        ConfigurationError: they do not.
        KMSInternalError: the HSM or the store fails.
    """
    with database.read() as connection:
        expected = read_settings(connection).check_value
    if check_value(hsm, database, sources) != expected:
        raise ConfigurationError(
            "the token is not the one that this database goes with",
            help="restore the home's token and database together, from one backup",
        )
    return expected
