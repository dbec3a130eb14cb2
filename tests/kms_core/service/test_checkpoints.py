from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kms_core.audit.verification import verify_log
from kms_core.errors import KMSInternalError, PermitError

if TYPE_CHECKING:
    from types import SimpleNamespace

    from kms_core.hsm import Hsm
    from kms_core.permit import Permit
    from kms_core.service import Kms


def _few(kms: Kms, every: int) -> None:
    kms._core.checkpoints._every = every


def test_after_so_many_records_they_are_bound(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    _few(kms, 5)
    for _ in range(12):
        kms.describe_key(people.admin, key_arn)
    report = verify_log(kms._core.database)
    assert report.faults == ()
    assert report.checkpoints == 2
    assert report.unbound < 5


def test_the_token_alone_makes_a_checkpoints_mac(
    kms: Kms, people: SimpleNamespace, key_arn: str, hsm: Hsm, permit_for: object
) -> None:
    kms.describe_key(people.admin, key_arn)
    kms._core.checkpoints.close()

    def mac(content: bytes) -> bytes:
        return hsm.checkpoint_mac(permit_for("internal:SignCheckpoint", None), content)

    report = verify_log(kms._core.database, mac)
    assert (report.faults, report.checkpoints, report.unbound) == ((), 1, 0)
    assert verify_log(kms._core.database, lambda content: mac(content + b" ")).faults


def test_what_a_checkpoint_binds_cannot_be_cut_off(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    kms.describe_key(people.admin, key_arn)
    kms._core.checkpoints.close()
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE sequence > 1")
    assert "which checkpoint 1 binds, is missing" in verify_log(kms._core.database).faults[0]


def test_a_checkpoint_that_cannot_be_made_stops_no_call_and_is_made_later(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> bytes:
        raise KMSInternalError

    _few(kms, 2)
    with monkeypatch.context() as broken:
        broken.setattr(type(kms._core.hsm), "checkpoint_mac", fail)
        for _ in range(3):
            assert kms.describe_key(people.admin, key_arn)
    assert "could not be made" in caplog.text
    assert verify_log(kms._core.database).checkpoints == 0
    kms.describe_key(people.admin, key_arn)
    assert verify_log(kms._core.database).checkpoints == 1


def test_nothing_new_needs_no_checkpoint(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    kms.describe_key(people.admin, key_arn)
    checkpoints = kms._core.checkpoints
    checkpoints.close()
    checkpoints.close()
    assert verify_log(kms._core.database).checkpoints == 1


def test_the_mac_asks_for_its_permit(hsm: Hsm, permit_for: object) -> None:
    permit: Permit = permit_for("kms:Encrypt")
    with pytest.raises(PermitError):
        hsm.checkpoint_mac(permit, b"x")
