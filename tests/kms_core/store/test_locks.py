from __future__ import annotations

import fcntl
import os
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, NoReturn

import pytest

from kms_core.errors import DependencyTimeoutError, KMSInternalError
from kms_core.store import locks as rooms
from kms_core.store.locks import KeyLocks
from kms_core.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import SimpleNamespace

_LONG = 10


@pytest.fixture
def locks(tmp_path: Path) -> KeyLocks:
    return KeyLocks(tmp_path / "kmsgate.locks")


def _started(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def _take(manager: AbstractContextManager[None], log: list[str], name: str) -> threading.Thread:
    def run() -> None:
        with manager:
            log.append(name)

    return _started(run)


def test_calls_share_and_changes_are_alone(locks: KeyLocks) -> None:
    log = []
    with locks.shared("k"):
        _take(locks.shared("k"), log, "shared").join(5)
        assert log == ["shared"]
        change = _take(locks.alone("k"), log, "alone")
        change.join(0.05)
        assert log == ["shared"]
    change.join(5)
    assert log == ["shared", "alone"]


def test_a_waiting_change_is_not_overtaken(locks: KeyLocks) -> None:
    log = []
    with locks.shared("k"):
        change = _take(locks.alone("k"), log, "change")
        change.join(0.05)
        later = _take(locks.shared("k"), log, "later call")
        later.join(0.05)
        assert log == []
    change.join(5)
    later.join(5)
    assert log == ["change", "later call"]


def test_nobody_else_is_in_during_a_change_and_keys_are_apart(locks: KeyLocks) -> None:
    log = []
    with locks.alone("k"):
        same = [_take(locks.shared("k"), log, "call"), _take(locks.alone("k"), log, "change")]
        _take(locks.alone("other"), log, "other key").join(5)
        assert log == ["other key"]
    for thread in same:
        thread.join(5)
    assert sorted(log[1:]) == ["call", "change"]


def test_a_lock_is_let_go_when_its_call_fails(locks: KeyLocks) -> None:
    for manager in (locks.shared, locks.alone, locks.alone, locks.shared):
        with pytest.raises(ZeroDivisionError), manager("k"):
            raise ZeroDivisionError


def test_who_holds_another_lock_overtakes_a_change_that_waits(locks: KeyLocks) -> None:
    """Two calls that hold one key each and want the other's, and a change that waits for either."""
    log: list[str] = []
    with locks.shared("k"), locks.shared("other"):
        changes = [_take(locks.alone(key), log, "change") for key in ("k", "other")]
        for change in changes:
            change.join(0.05)
        with locks.shared("k", overtaking=True), locks.shared("other", overtaking=True):
            assert log == []
    for change in changes:
        change.join(5)
    assert log == ["change", "change"]


@pytest.mark.parametrize(("held", "wanted"), [("alone", "shared"), ("shared", "alone"), ("alone", "alone")])
def test_nobody_waits_for_ever(tmp_path: Path, held: str, wanted: str) -> None:
    locks = KeyLocks(tmp_path / "kmsgate.locks", patience=0.05)
    with (
        getattr(locks, held)("k"),
        pytest.raises(DependencyTimeoutError, match="busy"),
        getattr(locks, wanted)("k"),
    ):
        pytest.fail("both were let in")
    with getattr(locks, wanted)("k"):
        pass


def test_a_file_that_cannot_be_made_lets_nobody_in(tmp_path: Path) -> None:
    locks = KeyLocks(tmp_path / "missing" / "kmsgate.locks")
    with pytest.raises(KMSInternalError, match="cannot be opened"), locks.shared("k"):
        pytest.fail("a call was let in without a lock")


@pytest.mark.parametrize("held", ["shared", "alone"])
def test_processes_keep_each_other_out_until_one_dies(
    tmp_path: Path, fork: Callable[..., SimpleNamespace], held: str
) -> None:
    code = f"""
        import sys, time
        from pathlib import Path
        from kms_core.store.locks import KeyLocks
        with KeyLocks(Path(sys.argv[1])).{held}("k"):
            print("held", flush=True)
            time.sleep(60)
    """
    path, log = tmp_path / "kmsgate.locks", []
    other = fork(dedent(code), path, environment={})
    assert other.stdout.readline() == "held\n"
    locks = KeyLocks(path)
    change = _take(locks.alone("k"), log, "change")
    change.join(0.1)
    later = _take(locks.shared("k"), log, "later call")
    later.join(0.1)
    assert log == []
    other.kill()
    change.join(5)
    later.join(5)
    # behind another change there is no order
    assert (log if held == "shared" else sorted(log)) == ["change", "later call"]


@pytest.mark.parametrize("held", ["shared", "alone"])
def test_a_fork_neither_keeps_a_lock_nor_lets_one_go(
    tmp_path: Path, fork: Callable[..., SimpleNamespace], held: str
) -> None:
    """One child has the holder's open file for as long as it lives, one leaves the `with` before the holder."""
    code = f"""
        import os, signal, sys
        from pathlib import Path
        from kms_core.errors import DependencyTimeoutError
        from kms_core.store.locks import KeyLocks
        locks = KeyLocks(Path(sys.argv[1]), patience=0.05)
        def is_free():
            try:
                with locks.alone("k"):
                    return True
            except DependencyTimeoutError:
                return False
        def told():
            print("free" if is_free() else "held")
        with locks.{held}("k"):
            stays = os.fork()
            if not stays:
                signal.alarm(20), signal.pause()
            leaves = os.fork()
            if leaves:
                os.waitpid(leaves, 0)
                told()
        if not leaves:
            os._exit(0)
        told()
        os.kill(stays, signal.SIGKILL)
    """
    other = fork(dedent(code), tmp_path / "kmsgate.locks", environment={})
    assert other.communicate() == ("held\nfree\n", "")


def test_a_fork_does_not_keep_the_lock_of_a_holder_that_was_killed(
    tmp_path: Path, fork: Callable[..., SimpleNamespace]
) -> None:
    """The child has copies of all files that were open, and lives on."""
    code = """
        import os, signal, sys, time
        from pathlib import Path
        from kms_core.store.locks import KeyLocks
        locks = KeyLocks(Path(sys.argv[1]))
        with locks.shared("other"):
            pass
        with locks.alone("k"), locks.alone("other"):
            child = os.fork()
            if not child:
                signal.alarm(20), signal.pause()
            print(child, flush=True)
            time.sleep(60)
    """
    path = tmp_path / "kmsgate.locks"
    other = fork(dedent(code), path, environment={})
    child = int(other.stdout.readline())
    try:
        other.kill()
        locks = KeyLocks(path, patience=_LONG)
        with locks.alone("k"), locks.alone("other"):
            os.kill(child, 0)  # it is there still
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_fork_opens_files_of_its_own(locks: KeyLocks) -> None:
    with locks.shared("k"):
        pass
    child = os.fork()
    if not child:
        try:
            with locks.alone("k"):
                os._exit(len(_open_files(locks)) - 1)
        finally:
            os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with locks.shared("k"):
        assert len(_open_files(locks)) == 1


def _open_files(locks: KeyLocks) -> list[Path]:
    files = list(Path("/proc/self/fd").iterdir())
    return [file for file in files if file.exists() and file.resolve() == locks._path.resolve()]


def test_files_are_used_again_and_closed_in_the_end(locks: KeyLocks) -> None:
    for _ in range(5):
        with locks.shared("k"), locks.shared("other"):
            pass
    assert len(_open_files(locks)) == 2
    with locks.alone("k"):
        locks.close()
        assert len(_open_files(locks)) == 1
    assert _open_files(locks) == []
    with locks.alone("k"):
        pass
    assert _open_files(locks) == []


def test_a_lock_that_nobody_has_any_more_is_let_go(locks: KeyLocks) -> None:
    """As where an interruption comes between taking a lock and noting it."""
    lock = locks.alone("k")
    lock.take()
    del lock
    with KeyLocks(locks._path, patience=0.05).alone("k"):
        pass


def test_to_let_go_twice_changes_nothing(locks: KeyLocks) -> None:
    lock = locks.alone("k")
    lock.let_go()
    lock.take()
    lock.let_go()
    lock.let_go()
    assert len(locks._idle) == 1


class _Time:
    """A clock that goes on when somebody sleeps."""

    now = 0.0

    @classmethod
    def monotonic(cls) -> float:
        return cls.now

    @classmethod
    def sleep(cls, seconds: float) -> None:
        cls.now += seconds


def test_who_waits_for_turnstile_and_key_is_patient_once(
    locks: KeyLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turnstile is free after most of the patience, and the key never."""
    monkeypatch.setattr(rooms, "time", _Time)
    asked = rooms._ask
    place = rooms._place("k")

    def busy(file: int, kind: int, at: int, length: int = 1) -> bool:
        if at == place and _Time.now < 0.9 * rooms.PATIENCE:
            return False
        return asked(file, kind, at, length)

    monkeypatch.setattr(rooms, "_ask", busy)
    with KeyLocks(locks._path).shared("k"), pytest.raises(DependencyTimeoutError), locks.alone("k"):
        pytest.fail("both were let in")
    assert rooms.PATIENCE <= _Time.now < 1.1 * rooms.PATIENCE


def test_who_waits_for_a_lock_lets_others_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()
    locks = KeyLocks(tmp_path / "kmsgate.locks", patience=0.01, turns=turns)
    slept: list[bool] = []

    class Watched(_Time):
        @staticmethod
        def sleep(seconds: float) -> None:
            slept.append(turns.has_one)
            _Time.sleep(seconds)

    monkeypatch.setattr(rooms, "time", Watched)
    turns.take()
    with locks.shared("k"), pytest.raises(DependencyTimeoutError), locks.alone("k"):
        pytest.fail("both were let in")
    assert slept
    assert not any(slept)
    assert turns.has_one


@pytest.mark.parametrize("request_of", [fcntl.F_OFD_SETLK, fcntl.F_OFD_GETLK])
def test_a_file_that_fails_lets_nobody_in(
    locks: KeyLocks, monkeypatch: pytest.MonkeyPatch, request_of: int
) -> None:
    real = fcntl.fcntl

    def failing(file: int, request: int, asked: bytes) -> bytes:
        if request == request_of:
            raise OSError("no locks available")
        return real(file, request, asked)

    monkeypatch.setattr(rooms.fcntl, "fcntl", failing)
    with pytest.raises(KMSInternalError, match="lock"), locks.shared("k"):
        pytest.fail("a call was let in without a lock")
    monkeypatch.undo()
    with locks.alone("k"):
        pass


def test_a_file_whose_locks_cannot_be_let_go_of_is_closed(
    locks: KeyLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = locks.alone("k")
    lock.take()

    def failing(*_: object) -> NoReturn:
        raise OSError("no locks available")

    monkeypatch.setattr(rooms.fcntl, "fcntl", failing)
    lock.let_go()
    monkeypatch.undo()
    assert _open_files(locks) == []
    with KeyLocks(locks._path, patience=0.05).alone("k"):
        pass


def test_a_burst_of_holders_leaves_few_files_open(locks: KeyLocks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MOST_IDLE", 3)
    with ExitStack() as held:
        for number in range(8):
            held.enter_context(locks.shared(str(number)))
        assert len(_open_files(locks)) == 8
    assert len(_open_files(locks)) == 3


def test_many_threads_never_mix(locks: KeyLocks) -> None:
    counting = threading.Lock()
    calls, changes, broken = [0], [0], []

    def enter(counter: list[int], by: int) -> None:
        with counting:
            counter[0] += by
            if changes[0] > 1 or (changes[0] and calls[0]):
                broken.append((calls[0], changes[0]))

    def work(turn: int) -> None:
        for number in range(30):
            change = (number + turn) % 5 == 0
            counter = changes if change else calls
            with locks.alone("k") if change else locks.shared("k"):
                enter(counter, 1)
                enter(counter, -1)

    threads = [_started(lambda turn=turn: work(turn)) for turn in range(6)]
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert broken == []
