"""What the benchmarks share: workloads whose answers were checked, and one throw-away token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.account import MEDIUM, SMALL
from bench.core import CALLER, bare_key, new_kms, new_token
from bench.policies import key_policy
from bench.workload import require_agreement, workload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.core import BareKey
    from bench.workload import Workload
    from kms_core.hsm import Hsm
    from kms_core.service import Kms


@pytest.fixture(scope="session")
def text() -> str:
    """A key policy of six statements."""
    return key_policy(0, SMALL)


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """A hundred key policies of six statements."""
    return [key_policy(key, MEDIUM) for key in range(MEDIUM.keys)]


@pytest.fixture(scope="session")
def small() -> Workload:
    """The small workload; `decide` and `authorize` agree on every request of it."""
    work = workload(SMALL)
    require_agreement(work)
    return work


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hsm]:
    with new_token(tmp_path_factory.mktemp("token")) as opened:
        yield opened


@pytest.fixture(scope="session")
def bare(hsm: Hsm) -> BareKey:
    return bare_key(hsm)


@pytest.fixture(scope="session")
def kms(hsm: Hsm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    with new_kms(hsm, tmp_path_factory.mktemp("store") / "kmsgate.db") as opened:
        yield opened


@pytest.fixture(scope="session")
def key(kms: Kms) -> str:
    """The ARN of a key of that KMS."""
    return kms.create_key(CALLER).arn
