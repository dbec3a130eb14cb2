"""How IAM ignores case: ASCII letters only.

Python's `lower` and `casefold` turn the Kelvin sign into `k` and the long s into `s`; a name that only looks
like `kms:Decrypt` must not become it.
"""

from __future__ import annotations

import string

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def ascii_lower(text: str) -> str:
    """`text` with A to Z in lower case and everything else as it is."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)
