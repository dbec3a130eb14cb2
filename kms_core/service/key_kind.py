"""The KeySpec and KeyUsage parameters of CreateKey: which go together, and what is said of the others.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
"""

from __future__ import annotations

from kms_core.errors import UnsupportedOperationError, ValidationError
from kms_core.model.key import KeySpec, KeyUsage
from kms_core.model.key_specs import ALGORITHMS, UNSUPPORTED_SPECS
from kms_core.service.parameters import KEY_SPECS, KEY_USAGES, check_choice

_ENCAPSULATION = "ENCAPSULATE_DECAPSULATE"
_SPECS = frozenset(KeySpec)
_USAGES = frozenset({*KeyUsage, _ENCAPSULATION})


def check_kind(key_spec: str | None, key_usage: str | None) -> tuple[KeySpec, KeyUsage]:
    """Read what kind of key is asked for; one that is left out is a symmetric encryption key's.

    Raises:
        UnsupportedOperationError: no key here can be of that spec or for that use.
        ValidationError: there is no such spec or usage, they do not match, or the usage is missing.
    """
    spec, usage = key_spec or KeySpec.SYMMETRIC_DEFAULT.value, key_usage
    if spec in UNSUPPORTED_SPECS:
        raise UnsupportedOperationError(f"KeySpec {spec} is not supported here.")
    if spec not in _SPECS:
        check_choice("keySpec", spec, KEY_SPECS)
    if usage is None and spec == KeySpec.SYMMETRIC_DEFAULT:
        usage = KeyUsage.ENCRYPT_DECRYPT.value
    if usage is None:
        raise ValidationError(
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
        )
    if usage not in _USAGES:
        check_choice("keyUsage", usage, KEY_USAGES)
    if (spec, usage) not in ALGORITHMS:
        raise ValidationError(f"KeyUsage {usage} is not compatible with KeySpec {spec}")
    return KeySpec(spec), KeyUsage(usage)
