"""Sessions that are lost, logins that are lost, a folder that goes away, and forks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Processes

START = """
create_token(home, PIN)
hsm = open_token(home, PIN)
login = hsm._lanes._login
key = new_key(hsm)
sealed = hsm.encrypt(permit("kms:Encrypt"), key, b"kept", b"aad")
value = check_value(hsm)
def works():
    assert hsm.decrypt(permit("kms:Decrypt"), key, sealed, b"aad") == b"kept"
    new = new_key(hsm, "b-2")
    again = hsm.encrypt(permit("kms:Encrypt"), new, b"new", b"")
    assert hsm.decrypt(permit("kms:Decrypt"), new, again, b"") == b"new"
    assert len(hsm.random(permit("kms:GenerateRandom", None), 8)) == 8
    assert check_value(hsm) == value
    return "works"
def answer(call):
    try:
        return call()
    except (KmsError, HomeError) as error:
        return type(error).__name__
def decrypt(aad=b"aad"):
    return hsm.decrypt(permit("kms:Decrypt"), key, sealed, aad)
"""

LOSSES = {
    "one session closed": "hsm._lanes._lanes[0].session.close()",
    "every lane's session closed": "[lane.session.close() for lane in hsm._lanes._lanes]",
    "logged out": "login._session.close()",
    "all sessions closed": "login.library.cryptoki.close_all_sessions(login.token.slot.slot_id)",
    "module finalised": "login.library.cryptoki.finalize()",
    "handles destroyed": "[key.destroy() for lane in hsm._lanes._lanes for key in lane.handles._keys.values()]",
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_what_was_lost_is_opened_again(processes: Processes, loss: str) -> None:
    assert processes.run(
        f"{START}\n{loss}\nprint(works())\n{loss}\nhsm._lanes._not_before = 0.0\nprint(works())"
    ) == ("works\nworks")


def test_what_was_lost_is_opened_again_once_for_all_threads(processes: Processes) -> None:
    code = """
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(8) as pool:
        for loss in (lambda: login._session.close(), lambda: hsm._lanes._lanes[1].session.close()):
            loss()
            assert list(pool.map(lambda _: works(), range(64))) == ["works"] * 64
            hsm._lanes._not_before = 0.0
    print("works")
    """
    assert processes.run(START + _dedented(code)) == "works"


def test_a_folder_that_goes_away_is_the_hsms_fault_until_it_is_back(processes: Processes) -> None:
    code = """
    tokens = home / "token" / "tokens"
    aside = tokens.rename(home / "aside")
    print(answer(lambda: decrypt()))                # at hand: no need of the token
    print(answer(lambda: decrypt(b"wrong")))        # not said to be the caller's ciphertext
    print(answer(lambda: new_key(hsm, "b-3")))
    print(answer(lambda: check_value(hsm)))
    aside.rename(tokens)
    hsm._lanes._not_before = 0.0
    print(works(), answer(lambda: decrypt(b"wrong")))
    """
    assert processes.run(START + _dedented(code)).split("\n") == [
        "b'kept'",
        "KMSInternalError",
        "KMSInternalError",
        "KMSInternalError",
        "works InvalidCiphertextError",
    ]


def test_a_changed_pin_is_tried_once(processes: Processes) -> None:
    code = """
    tried = []
    def refuse(*args, **kwargs):
        tried.append(1)
        import pkcs11
        raise pkcs11.PinIncorrect
    class Token:
        def __init__(self, token): self.slot, self._token = token.slot, token
        def open(self, rw, user_pin=None):
            return refuse() if user_pin else self._token.open(rw=rw)
    find = login._find
    login._find = lambda: Token(find())
    login.library.cryptoki.close_all_sessions(login.token.slot.slot_id)
    for _ in range(2):
        print(answer(decrypt))
        hsm._lanes._not_before = 0.0
    print(len(tried))
    """
    assert processes.run(START + _dedented(code)).split("\n") == ["KMSInternalError", "KMSInternalError", "1"]


def test_a_fork_does_not_inherit_the_token_but_may_open_it(processes: Processes) -> None:
    code = """
    read, write = os.pipe()
    if os.fork() == 0:
        said = [answer(decrypt), answer(lambda: hsm.close()) or "closed"]
        own = open_token(home, PIN)
        said.append(str(check_value(own) == value))
        own.close()
        os.write(write, " ".join(said).encode())
        os._exit(0)
    os.wait()
    print(os.read(read, 1000).decode())
    print(works())
    """
    assert processes.run(START + _dedented(code)).split("\n") == ["HsmFaultError closed True", "works"]


def test_a_closed_token_is_closed(processes: Processes) -> None:
    code = """
    hsm.close()
    print(answer(decrypt), answer(lambda: check_value(hsm)))
    """
    assert processes.run(START + _dedented(code)) == "HsmFaultError HsmFaultError"


def _dedented(code: str) -> str:
    return "\n".join(line[4:] for line in code.split("\n"))
