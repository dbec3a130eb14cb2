from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kms_core.errors import InvalidKeyUsageError, KMSInvalidMacError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.service import Kms

    Key = Callable[..., str]

ROOT = "arn:aws:iam::111122223333:root"
USAGE = "GENERATE_VERIFY_MAC"
MESSAGE = b"attack at dawn"


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_a_code_is_verified(kms: Kms, key: Key, bits: int) -> None:
    arn, algorithm = key(f"HMAC_{bits}", USAGE), f"HMAC_SHA_{bits}"
    made = kms.generate_mac(ROOT, arn, MESSAGE, algorithm)

    assert (made.key_id, made.mac_algorithm, len(made.mac)) == (arn, algorithm, bits // 8)
    assert kms.generate_mac(ROOT, arn, MESSAGE, algorithm).mac == made.mac
    verified = kms.verify_mac(ROOT, arn, MESSAGE, made.mac, algorithm)
    assert (verified.key_id, verified.mac_valid, verified.mac_algorithm) == (arn, True, algorithm)


@pytest.mark.parametrize(
    "wrong", [lambda mac: mac[:-1], lambda mac: mac + b"\0", lambda mac: bytes([mac[0] ^ 1]) + mac[1:], lambda _: b"x"]
)  # fmt: skip
def test_another_code_is_refused(kms: Kms, key: Key, wrong: Callable[[bytes], bytes]) -> None:
    arn = key("HMAC_256", USAGE)
    mac = kms.generate_mac(ROOT, arn, MESSAGE, "HMAC_SHA_256").mac
    with pytest.raises(KMSInvalidMacError) as refused:
        kms.verify_mac(ROOT, arn, MESSAGE, wrong(mac), "HMAC_SHA_256")
    assert refused.value.message == ""
    with pytest.raises(KMSInvalidMacError):
        kms.verify_mac(ROOT, arn, MESSAGE + b"!", mac, "HMAC_SHA_256")


def test_a_code_of_another_key_is_refused(kms: Kms, key: Key) -> None:
    other = kms.create_key(ROOT, key_spec="HMAC_256", key_usage=USAGE).arn
    mac = kms.generate_mac(ROOT, other, MESSAGE, "HMAC_SHA_256").mac
    with pytest.raises(KMSInvalidMacError):
        kms.verify_mac(ROOT, key("HMAC_256", USAGE), MESSAGE, mac, "HMAC_SHA_256")


def test_the_algorithm_is_the_specs(kms: Kms, key: Key) -> None:
    for call in (
        lambda: kms.generate_mac(ROOT, key("HMAC_256", USAGE), MESSAGE, "HMAC_SHA_512"),
        lambda: kms.verify_mac(ROOT, key("HMAC_256", USAGE), MESSAGE, b"m", "HMAC_SHA_512"),
    ):
        with pytest.raises(InvalidKeyUsageError) as refused:
            call()
        assert refused.value.message == "Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256."


def test_a_key_for_something_else_makes_no_code(kms: Kms, key: Key) -> None:
    arn = key()
    with pytest.raises(InvalidKeyUsageError) as refused:
        kms.generate_mac(ROOT, arn, MESSAGE, "HMAC_SHA_256")
    assert refused.value.message == f"{arn} key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac."


@pytest.mark.parametrize(
    ("message", "mac", "algorithm", "says"),
    [
        (b"", b"m", "HMAC_SHA_256", "'message' .* greater than or equal to 1"),
        (b"x" * 4097, b"m", "HMAC_SHA_256", "'message' .* less than or equal to 4096"),
        (b"x", b"", "HMAC_SHA_256", "'mac' .* greater than or equal to 1"),
        (b"x", b"m" * 6145, "HMAC_SHA_256", "'mac' .* less than or equal to 6144"),
        (
            b"x",
            b"m",
            "INVALID",
            r"Value 'INVALID' at 'macAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: \[HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512\]",
        ),
    ],
)
def test_parameters_out_of_bounds(
    kms: Kms, key: Key, *, message: bytes, mac: bytes, algorithm: str, says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        kms.verify_mac(ROOT, key("HMAC_256", USAGE), message, mac, algorithm)
