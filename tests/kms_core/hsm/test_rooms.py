"""The small rooms, each without a token."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pkcs11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kms_core.errors import ConfigurationError
from kms_core.hsm import binding, durable, faults, module
from kms_core.hsm.handles import Handles, identity
from kms_core.hsm.protocol import KeyBinding
from kms_core.model.backing_key import BackingKeyRecord

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text("ab1-", max_size=3)
BINDINGS = st.tuples(st.builds(KeyBinding, TEXT, TEXT, TEXT, TEXT), TEXT, st.binary(max_size=3))


class TestBinding:
    @given(BINDINGS, BINDINGS)
    def test_different_bindings_are_written_differently(
        self, one: tuple[KeyBinding, str, bytes], other: tuple[KeyBinding, str, bytes]
    ) -> None:
        assert (binding.backing_key(*one) == binding.backing_key(*other)) == (one == other)

    def test_a_mac_of_one_kind_is_none_of_the_other(self) -> None:
        empty = KeyBinding("", "", "", "")
        assert binding.backing_key(empty, "", b"") != binding.check_value("", b"")


@dataclass
class FakeCipher:
    """A key handle that knows whether it was destroyed."""

    alive: bool = True
    gone_with_its_session: bool = False

    def encrypt(self, data: bytes, **_: object) -> bytes:
        return data

    def decrypt(self, data: bytes, **_: object) -> bytes:
        return data

    def destroy(self) -> None:
        if self.gone_with_its_session:
            raise pkcs11.ObjectHandleInvalid
        self.alive = False


def record(backing_key_id: str) -> BackingKeyRecord:
    return BackingKeyRecord(
        backing_key_id, "k", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "d", b"blob", b"mac", 0.0
    )


class TestHandles:
    def test_the_least_recently_used_key_is_destroyed(self) -> None:
        handles = Handles(2)
        one, two, three = FakeCipher(), FakeCipher(), FakeCipher()
        handles.put(identity(record("1")), one)
        handles.put(identity(record("2")), two)
        assert handles.get(identity(record("1"))) is one
        handles.put(identity(record("3")), three)
        assert (one.alive, two.alive, three.alive, len(handles)) == (True, False, True, 2)
        assert handles.get(identity(record("2"))) is None

    @pytest.mark.parametrize("change", ["key_id", "spec", "usage", "domain_key_id", "blob", "mac"])
    def test_a_changed_record_is_another_key(self, change: str) -> None:
        handles = Handles(2)
        handles.put(identity(record("1")), FakeCipher())
        value = b"x" if change in {"blob", "mac"} else "x"
        changed = replace(record("1"), **{change: value})  # type: ignore[arg-type]  # the field's own type
        assert handles.get(identity(changed)) is None

    def test_an_evicted_key_is_destroyed(self) -> None:
        handles = Handles(5)
        one, two = FakeCipher(), FakeCipher(gone_with_its_session=True)
        handles.put(identity(record("1")), one)
        handles.put(identity(record("2")), two)
        for each in ("1", "2", "3"):
            handles.evict(each)
        assert (one.alive, len(handles)) == (False, 0)


class TestFaults:
    def test_every_error_of_the_binding_has_one_meaning(self) -> None:
        classes = [each for each in vars(pkcs11.exceptions).values() if isinstance(each, type)]
        for each in classes:
            if issubclass(each, pkcs11.PKCS11Error):
                assert not (issubclass(each, faults.LOST) and issubclass(each, faults.UNDECRYPTABLE))

    def test_what_is_lost(self) -> None:
        assert faults.is_lost(pkcs11.UserNotLoggedIn())
        assert faults.is_lost(pkcs11.PKCS11Error("Cryptoki is not initialized. Should never see this."))
        assert not faults.is_lost(pkcs11.GeneralError())
        assert not faults.is_lost(pkcs11.PinIncorrect())

    def test_which_session_is_still_alive(self) -> None:
        assert faults.is_session_alive(pkcs11.ObjectHandleInvalid())
        assert not faults.is_session_alive(pkcs11.SessionHandleInvalid())
        assert not faults.is_session_alive(pkcs11.PKCS11Error("not initialized"))
        assert not faults.is_session_alive(pkcs11.GeneralError())


class TestModule:
    @pytest.fixture(autouse=True)
    def _nothing_installed(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv(module.VARIABLE, raising=False)
        monkeypatch.setattr(module, "KNOWN_PATHS", (tmp_path / "one.so", tmp_path / "two.so"))

    def test_the_first_known_one_is_found(self, tmp_path: Path) -> None:
        (tmp_path / "two.so").touch()
        assert module.find_module() == tmp_path / "two.so"
        (tmp_path / "one.so").touch()
        assert module.find_module() == tmp_path / "one.so"

    def test_what_is_named_comes_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("one.so", "named.so", "variable.so"):
            (tmp_path / name).touch()
        monkeypatch.setenv(module.VARIABLE, str(tmp_path / "variable.so"))
        assert module.find_module() == tmp_path / "variable.so"
        assert module.find_module(tmp_path / "named.so") == tmp_path / "named.so"

    def test_what_is_named_and_missing_is_not_replaced(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "one.so").touch()
        monkeypatch.setenv(module.VARIABLE, str(tmp_path / "missing.so"))
        with pytest.raises(ConfigurationError, match=r"missing\.so"):
            module.find_module()

    def test_nothing_found_says_what_to_install(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            module.find_module()
        assert "apt-get install -y --no-install-recommends softhsm2" in str(raised.value.help)
        assert module.VARIABLE in str(raised.value.help)


class TestDurable:
    def test_a_file_is_replaced_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        for content, mode in itertools.product((b"one", b"longer than one", b""), (0o600, 0o400)):
            durable.write(path, content, mode)
            assert path.read_bytes() == content
            assert path.stat().st_mode & 0o777 == mode
        assert list(tmp_path.iterdir()) == [path]

    def test_a_draft_that_a_crash_left_is_no_hindrance(self, tmp_path: Path) -> None:
        draft = tmp_path / "file.tmp"
        draft.write_bytes(b"half")
        draft.chmod(0o400)
        durable.write(tmp_path / "file", b"whole")
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"whole"]

    def test_a_failed_write_leaves_the_old_file(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        durable.write(path, b"old")
        (tmp_path / "file.tmp").mkdir()
        with pytest.raises(OSError, match=r"file\.tmp"):
            durable.write(path, b"new")
        assert path.read_bytes() == b"old"
