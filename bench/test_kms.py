"""Encrypt and Decrypt through the whole core, beside the bare calls to the same token.

The difference is what the core adds: the checks, a read of the store, the decision, a record in the audit log
that is on the disk before the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.core import CALLER

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from bench.core import BareKey
    from kms_core.service import Kms

ENCRYPT = pytest.mark.benchmark(group="encrypt 32 bytes")
DECRYPT = pytest.mark.benchmark(group="decrypt 32 bytes")
PLAINTEXT = bytes(range(32))
PAIRS = {"tenant": "acme"}
AAD = b"tenant=acme"


@ENCRYPT
def test_bare_hsm_encrypt(benchmark: BenchmarkFixture, bare: BareKey) -> None:
    sealed = benchmark(bare.hsm.encrypt, bare.encrypt, bare.record, PLAINTEXT, AAD)
    assert bare.hsm.decrypt(bare.decrypt, bare.record, sealed, AAD) == PLAINTEXT


@ENCRYPT
def test_kms_encrypt(benchmark: BenchmarkFixture, kms: Kms, key: str) -> None:
    sealed = benchmark(kms.encrypt, CALLER, key, PLAINTEXT, PAIRS)
    assert kms.decrypt(CALLER, sealed.ciphertext_blob, PAIRS).plaintext == PLAINTEXT


@DECRYPT
def test_bare_hsm_decrypt(benchmark: BenchmarkFixture, bare: BareKey) -> None:
    sealed = bare.hsm.encrypt(bare.encrypt, bare.record, PLAINTEXT, AAD)
    assert benchmark(bare.hsm.decrypt, bare.decrypt, bare.record, sealed, AAD) == PLAINTEXT


@DECRYPT
def test_kms_decrypt(benchmark: BenchmarkFixture, kms: Kms, key: str) -> None:
    blob = kms.encrypt(CALLER, key, PLAINTEXT, PAIRS).ciphertext_blob
    assert benchmark(kms.decrypt, CALLER, blob, PAIRS).plaintext == PLAINTEXT
