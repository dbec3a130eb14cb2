from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kms_core.ciphertext import CiphertextBlob, additional_data, decode, encode, header
from kms_core.errors import InvalidCiphertextError, ValidationError

if TYPE_CHECKING:
    from random import Random

IDS = st.text("abcdefABCDEF0123456789-", min_size=1, max_size=60)
BLOBS = st.builds(
    CiphertextBlob,
    IDS,
    IDS,
    st.binary(min_size=12, max_size=12),
    st.binary(max_size=300),
    st.binary(min_size=16, max_size=16),
)
CHARACTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
CONTEXTS = st.dictionaries(CHARACTERS, CHARACTERS, max_size=4)


@given(BLOBS)
def test_what_was_written_is_read(blob: CiphertextBlob) -> None:
    assert decode(encode(blob)) == blob


@given(st.one_of(BLOBS.map(encode), st.binary(max_size=80), st.binary(max_size=80).map(b"KMSG\x01".__add__)))
def test_what_is_read_is_written_again_byte_for_byte(text: bytes) -> None:
    try:
        blob = decode(text)
    except InvalidCiphertextError:
        return
    assert encode(blob) == text


@given(BLOBS, st.data())
def test_a_truncated_blob_is_none(blob: CiphertextBlob, data: st.DataObject) -> None:
    text = encode(blob)
    with pytest.raises(InvalidCiphertextError):
        decode(text[: data.draw(st.integers(0, len(text) - 1))])


@given(BLOBS, st.binary(min_size=1, max_size=4))
def test_a_blob_has_nothing_after_it(blob: CiphertextBlob, more: bytes) -> None:
    with pytest.raises(InvalidCiphertextError):
        decode(encode(blob) + more)


@given(BLOBS, st.data())
def test_a_flipped_bit_is_refused_or_shows(blob: CiphertextBlob, data: st.DataObject) -> None:
    text = bytearray(encode(blob))
    bit = data.draw(st.integers(0, 8 * len(text) - 1))
    text[bit // 8] ^= 1 << bit % 8
    try:
        read = decode(bytes(text))
    except InvalidCiphertextError:
        return
    assert read != blob


@pytest.mark.parametrize(
    "text", [b"", b"KMSG", b"KMSG\x02" + b"\x01a" * 40, b"kmsg\x01" + bytes(60), bytes(200)]
)
def test_what_is_no_blob(text: bytes) -> None:
    with pytest.raises(InvalidCiphertextError) as raised:
        decode(text)
    assert str(raised.value) == "InvalidCiphertextException"
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("name", ["", "a" * 256, "a/b", "../x", "ключ", "a\n", "a\x00"])
def test_an_id_is_plain(name: str) -> None:
    with pytest.raises(ValueError, match="not a key id"):
        header(name, "b")


@pytest.mark.parametrize(("iv", "tag"), [(11, 16), (13, 16), (12, 15), (12, 17)])
def test_a_blob_with_other_lengths_is_not_written(iv: int, tag: int) -> None:
    with pytest.raises(ValueError, match="IV"):
        encode(CiphertextBlob("k", "b", bytes(iv), b"", bytes(tag)))


@given(CONTEXTS, st.randoms())
def test_the_order_of_an_encryption_context_does_not_matter(context: dict[str, str], random: Random) -> None:
    pairs = list(context.items())
    random.shuffle(pairs)
    assert additional_data(b"h", dict(pairs)) == additional_data(b"h", context)


@given(CONTEXTS, CONTEXTS)
def test_different_encryption_contexts_are_written_differently(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert (additional_data(b"h", one) == additional_data(b"h", other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"ab": "c"}, {"a": "bc"}),
        ({"a": "b", "c": "d"}, {"a": "b\x00\x00\x00\x01c"}),
        ({"Tenant": "acme"}, {"tenant": "acme"}),
        ({"e": "\u00e9"}, {"e": "e\u0301"}),
        ({}, {"": ""}),
    ],
)
def test_encryption_contexts_that_look_alike_differ(one: dict[str, str], other: dict[str, str]) -> None:
    assert additional_data(b"h", one) != additional_data(b"h", other)


def test_the_header_is_authenticated() -> None:
    context = {"tenant": "acme"}
    assert additional_data(header("k1", "b"), context) != additional_data(header("k2", "b"), context)
    assert additional_data(header("k", "b1"), context) != additional_data(header("k", "b2"), context)
    assert encode(CiphertextBlob("k", "b", bytes(12), b"", bytes(16))).startswith(header("k", "b"))


def test_the_layout() -> None:
    """Blobs are kept for years: this one must be read by every later version."""
    text = bytes.fromhex(
        "4b4d534701" "056b65792d31" "026262" "000102030405060708090a0b"
        "101112131415161718191a1b1c1d1e1f" "00000003" "616263"
    )  # fmt: skip
    assert decode(text) == CiphertextBlob("key-1", "bb", bytes(range(12)), b"abc", bytes(range(16, 32)))
    assert additional_data(header("key-1", "bb"), {"b": "2", "a": "1"}) == bytes.fromhex(
        "4b4d534701" "056b65792d31" "026262" "00000002"
        "00000001" "61" "00000001" "31" "00000001" "62" "00000001" "32"
    )  # fmt: skip


def test_a_lone_surrogate_is_no_encryption_context() -> None:
    with pytest.raises(ValidationError):
        additional_data(b"h", {"a": "\ud800"})
    with pytest.raises(ValidationError):
        additional_data(b"h", {"\udfff": "a"})


def test_a_blob_shows_no_ciphertext() -> None:
    assert "secret" not in repr(CiphertextBlob("k", "b", bytes(12), b"secret", bytes(16)))
