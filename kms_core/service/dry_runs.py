"""DryRunModifiers: what a dry run of Decrypt or ReEncrypt leaves out.

That a call is a dry run at all is `open_call`'s. With ``IGNORE_CIPHERTEXT`` no ciphertext is looked at, nor
is one needed: key, permission, key state, key usage and algorithm are checked, and the key must be named,
since nothing else names it. The API reference says "only authorization validation without ciphertext
validation". That a key which could decrypt nothing, a disabled one say, is refused all the same is an
inference: a dry run that succeeds promises that the call would. Without a dry run a modifier means nothing
("only applies when DryRun is set to true"), so no call answers without a ciphertext.
https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#KMS-Decrypt-request-DryRunModifiers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kms_core.service.parameters import MAX_CIPHERTEXT, check_bytes, check_choice, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kms_core.service.open_call import OpenCall

IGNORE_CIPHERTEXT: Final = "IGNORE_CIPHERTEXT"
_MODIFIERS: Final = (IGNORE_CIPHERTEXT,)


def check_ciphertext(call: OpenCall, ciphertext: bytes | None, modifiers: Sequence[str]) -> bytes | None:
    """Check the ciphertext that a call is given, and give it; None where the call ignores it.

    Args:
        call: the call.
        ciphertext: the ciphertext, if there is one.
        modifiers: the DryRunModifiers.

    Raises:
        ValidationError: it is missing or out of its bounds, or there is no such modifier.
    """
    if isinstance(modifiers, str):
        refuse("dryRunModifiers", "Member must be a list")
    for modifier in modifiers:
        check_choice("dryRunModifiers", modifier, _MODIFIERS)
    ignored = call.dry_run and IGNORE_CIPHERTEXT in modifiers
    if ciphertext is not None:
        check_bytes("ciphertextBlob", ciphertext, 1, MAX_CIPHERTEXT)
    elif not ignored:
        refuse("ciphertextBlob", "Member must not be null")
    return None if ignored else ciphertext
