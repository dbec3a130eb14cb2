"""The bounds of parameters, from the API reference, and the service's words for what is out of them.

Not KeyId (`model.key_reference`), key policies (`key_policies`) or grants (`grant_parameters`).
https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from kms_core.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

MAX_KEY_ID = 2048
MAX_PLAINTEXT = 4096
MAX_CIPHERTEXT = 6144
MAX_ENCRYPTION_CONTEXT = 8192
MAX_DESCRIPTION = 8192
MAX_DATA_KEY = 1024
MAX_RANDOM = 1024
MAX_MESSAGE = 4096
MAX_SIGNATURE = 6144
MAX_MAC = 6144
MAX_PUBLIC_KEY = 8192
MAX_GRANT_TOKENS = 10
MAX_GRANT_TOKEN = 8192

DATA_KEY_SPECS = {"AES_256": 32, "AES_128": 16}
"""The KeySpec parameter of GenerateDataKey, in bytes."""

ENCRYPTION_ALGORITHMS = ("SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE")
MESSAGE_TYPES = ("RAW", "DIGEST", "EXTERNAL_MU")
KEY_USAGES = ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC")
KEY_SPECS = (
    "RSA_2048",
    "ECC_NIST_P384",
    "ECC_NIST_P256",
    "ECC_NIST_P521",
    "HMAC_384",
    "RSA_3072",
    "ECC_SECG_P256K1",
    "RSA_4096",
    "SYMMETRIC_DEFAULT",
    "HMAC_256",
    "HMAC_224",
    "HMAC_512",
)
"""These two as the service listed them when its refusal of another word was recorded; there are more now."""


def refuse(member: str, constraint: str, value: object = None) -> NoReturn:
    """Say that a member is out of its bounds; the value is repeated where it is given."""
    shown = "" if value is None else f" '{value}'"
    raise ValidationError(
        f"1 validation error detected: Value{shown} at '{member}' failed to satisfy constraint: {constraint}"
    )


def check_length(member: str, value: Collection[object] | str | bytes, least: int, most: int) -> None:
    """Check how long a value is, in what it is made of."""
    if len(value) < least:
        refuse(member, f"Member must have length greater than or equal to {least}")
    if len(value) > most:
        refuse(member, f"Member must have length less than or equal to {most}")


def check_range(member: str, value: int, least: int, most: int) -> None:
    """Check how large a number is."""
    if value < least:
        refuse(member, f"Member must have value greater than or equal to {least}", value)
    if value > most:
        refuse(member, f"Member must have value less than or equal to {most}", value)


def check_choice(member: str, value: str, choices: Collection[str]) -> None:
    """Check that a value is one of the words of an enumeration."""
    if value not in choices:
        refuse(member, f"Member must satisfy enum value set: [{', '.join(choices)}]", value)


def check_text(member: str, value: object, least: int, most: int) -> None:
    """Check a text: that it is one, its length, and that it is Unicode."""
    if not isinstance(value, str):
        refuse(member, "Member must be a string")
    check_length(member, value, least, most)
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        refuse(member, "Member must be valid Unicode")


def check_bytes(member: str, value: object, least: int, most: int) -> None:
    """Check a string of bytes: that it is one, and its length."""
    if not isinstance(value, bytes):
        refuse(member, "Member must be bytes")
    check_length(member, value, least, most)


def check_encryption_context(pairs: Mapping[str, str] | None) -> dict[str, str]:
    """Check an encryption context, and give it as a mapping of its own; without one it is empty."""
    context = dict(pairs or {})
    for name, value in context.items():
        check_text("encryptionContext", name, 1, MAX_ENCRYPTION_CONTEXT)
        check_text("encryptionContext", value, 0, MAX_ENCRYPTION_CONTEXT)
    if sum(len(text.encode()) for pair in context.items() for text in pair) > MAX_ENCRYPTION_CONTEXT:
        refuse("encryptionContext", f"Member must have length less than or equal to {MAX_ENCRYPTION_CONTEXT}")
    return context


def check_grant_tokens(tokens: Sequence[str]) -> tuple[str, ...]:
    """Check a list of grant tokens; whether they are genuine shows when they are looked up."""
    if isinstance(tokens, str):
        refuse("grantTokens", "Member must be a list")
    check_length("grantTokens", tokens, 0, MAX_GRANT_TOKENS)
    for token in tokens:
        check_text("grantTokens", token, 1, MAX_GRANT_TOKEN)
    return tuple(tokens)


def data_key_length(key_spec: str | None, number_of_bytes: int | None) -> int:
    """The length in bytes of the data key that is asked for, by exactly one of the two.

    Raises:
        ValidationError: neither or both are given, or one is out of its bounds.
    """
    if (key_spec is None) == (number_of_bytes is None):
        raise ValidationError("Please specify either number of bytes or key spec.")
    if key_spec is not None:
        check_choice("keySpec", key_spec, DATA_KEY_SPECS)
        return DATA_KEY_SPECS[key_spec]
    assert number_of_bytes is not None  # noqa: S101 - one of the two is given; mypy cannot see it
    check_range("numberOfBytes", number_of_bytes, 1, MAX_DATA_KEY)
    return number_of_bytes
