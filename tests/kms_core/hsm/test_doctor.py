from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import HsmHome, Processes

PROBE = "\nfor row in probe(home, PIN): print(row.name, row.ok, row.detail, sep='|')"


def rows(output: str) -> dict[str, tuple[str, str]]:
    split = [line.split("|") for line in output.split("\n")]
    return {name: (ok, detail) for name, ok, detail in split}


def test_a_sound_token_has_ten_good_rows(processes: Processes) -> None:
    found = rows(processes.run("create_token(home, PIN)" + PROBE))
    assert list(found) == [
        "module",
        "library",
        "locking",
        "token",
        "AES-GCM",
        "HMAC-SHA-256",
        "AES key wrap, padded",
        "key specs",
        "domain key",
        "unwrap template",
    ]
    assert {ok for ok, _ in found.values()} == {"True"}
    assert found["module"][1] == str(processes.module)
    assert found["token"][1].startswith("kmsgate, serial number ")
    assert found["key specs"][1].startswith("keys of ")


WEAKENED = {
    "no unwrap template": ("token_keys.UNWRAPPED = {}", "unwrap template"),
    "a template that lets keys out": (
        "token_keys.UNWRAPPED = {pkcs11.Attribute.EXTRACTABLE: True}",
        "unwrap template",
    ),
    "a domain key that decrypts": (
        "token_keys.MechanismFlag = type('Flags', (), {'WRAP': 0x60300, 'UNWRAP': 0x60300, 'SIGN': 0x800})",
        "domain key",
    ),
    "no domain key": ("token_keys.DOMAIN_KEY = 'another label'", "domain key"),
}


@pytest.mark.parametrize(("weaken", "row"), WEAKENED.values(), ids=WEAKENED)
def test_a_token_that_could_give_keys_away_is_not_opened(processes: Processes, weaken: str, row: str) -> None:
    processes.run(f"import pkcs11\nfrom kms_core.hsm import token_keys\n{weaken}\ncreate_token(home, PIN)")
    found = rows(processes.run(PROBE))
    assert {name for name, (ok, _) in found.items() if ok == "False"} == {row}
    code = """
    for _ in range(2):
        try:
            open_token(home, PIN)
        except HsmFaultError as error:
            print(error.exit_code)
    """
    assert processes.run(code) == "5\n5"


def test_a_wrong_pin_is_raised(processes: Processes) -> None:
    code = """
    create_token(home, PIN)
    try:
        probe(home, "not the pin")
    except ConfigurationError as error:
        print(error.message)
    """
    assert processes.run(code) == "the PIN is wrong"


def test_another_process_may_look_while_the_token_is_open(
    processes: Processes, hsm: object, hsm_home: HsmHome
) -> None:
    assert hsm
    processes.home = hsm_home.path
    found = rows(processes.run(PROBE, hsm_home.pin))
    assert {ok for ok, _ in found.values()} == {"True"}
