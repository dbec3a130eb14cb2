"""The exceptions of the core, in three families under one root.

`KmsError`: what an API call is answered with; names, codes and HTTP statuses are those of the AWS KMS API
Reference (the errors of each operation, and "Common Errors"). `HomeError`: what keeps a command from running,
with its remedy and the command's exit status. `PermitError`: a mistake in this program, never a user's.

Nothing secret goes into an exception: no PIN, no plaintext, no key, and no reason why a decryption failed.
"""

from __future__ import annotations

from typing import ClassVar


class KmsCoreError(Exception):
    """Root of the core's exceptions; never raised itself."""


class KmsError(KmsCoreError):
    """An answer that AWS KMS gives too; never raised itself.

    Attributes:
        code: AWS's name for it, as a client sees it.
        http_status: the status of the HTTP response that carries it.
        message: AWS's words where they are known; empty where AWS says nothing.
    """

    code: ClassVar[str]
    http_status: ClassVar[int] = 400

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


class AccessDeniedError(KmsError):
    """The gate refused the call.

    Attributes:
        decision: the engine's `Decision`; None where there was nothing to decide on.
    """

    code = "AccessDeniedException"

    def __init__(self, message: str = "", decision: object | None = None) -> None:
        super().__init__(message)
        self.decision = decision


class AlreadyExistsError(KmsError):
    """There is one of that name already."""

    code = "AlreadyExistsException"


class ConflictError(KmsError):
    """The key is about to rotate by itself."""

    code = "ConflictException"


class DependencyTimeoutError(KmsError):
    """Something that the call needs took too long; the call may be tried again."""

    code = "DependencyTimeoutException"
    http_status = 500


class DisabledError(KmsError):
    """The key is disabled."""

    code = "DisabledException"


class DryRunOperationError(KmsError):
    """The call was a dry run, and would have succeeded."""

    code = "DryRunOperationException"


class IncorrectKeyError(KmsError):
    """The ciphertext was made under another key than the one that the call names."""

    code = "IncorrectKeyException"


class InvalidArnError(KmsError):
    """An ARN, or an ARN of a principal, that is none or names nothing usable here."""

    code = "InvalidArnException"


class InvalidCiphertextError(KmsError):
    """The ciphertext cannot be decrypted. INVARIANT: no detail, so that it is no oracle."""

    code = "InvalidCiphertextException"

    def __init__(self) -> None:
        super().__init__()


class InvalidGrantIdError(KmsError):
    """No such grant."""

    code = "InvalidGrantIdException"


class InvalidGrantTokenError(KmsError):
    """A grant token that this service did not make."""

    code = "InvalidGrantTokenException"


class InvalidKeyUsageError(KmsError):
    """The key is not for this kind of operation."""

    code = "InvalidKeyUsageException"


class InvalidMarkerError(KmsError):
    """A pagination marker that this service did not make."""

    code = "InvalidMarkerException"


class KMSInternalError(KmsError):
    """The service failed; the call may be tried again."""

    code = "KMSInternalException"
    http_status = 500


class KMSInvalidMacError(KmsError):
    """The message authentication code is not the message's. INVARIANT: no detail."""

    code = "KMSInvalidMacException"

    def __init__(self) -> None:
        super().__init__()


class KMSInvalidSignatureError(KmsError):
    """The signature is not the message's."""

    code = "KMSInvalidSignatureException"

    def __init__(self) -> None:
        super().__init__()


class KMSInvalidStateError(KmsError):
    """The key's state does not allow the call."""

    code = "KMSInvalidStateException"


class KeyUnavailableError(KmsError):
    """The key exists, but its material cannot be reached for now; the call may be tried again."""

    code = "KeyUnavailableException"
    http_status = 500


class LimitExceededError(KmsError):
    """A quota."""

    code = "LimitExceededException"


class MalformedPolicyDocumentError(KmsError):
    """A key policy that is not one."""

    code = "MalformedPolicyDocumentException"


class NotAuthorizedError(KmsError):
    """What nobody may do, whatever the policies say."""

    code = "NotAuthorizedException"


class NotFoundError(KmsError):
    """No such key, alias or policy; or one that the caller may not know of."""

    code = "NotFoundException"


class TagError(KmsError):
    """Tags that no key can have."""

    code = "TagException"


class ThrottlingError(KmsError):
    """The account calls more often than it may; the call may be tried again later."""

    code = "ThrottlingException"


class UnsupportedOperationError(KmsError):
    """A parameter or key specification that this service does not do."""

    code = "UnsupportedOperationException"


class ValidationError(KmsError):
    """A parameter out of its bounds."""

    code = "ValidationException"


class HomeError(KmsCoreError):
    """The home, the token or the database cannot be used; never raised itself.

    Attributes:
        message: one line, what is wrong.
        help: one line, the remedy.
        exit_code: what the command exits with.
    """

    exit_code: ClassVar[int]

    def __init__(self, message: str, *, help: str | None = None) -> None:  # noqa: A002 - the field's name
        super().__init__(message)
        self.message = message
        self.help = help


class ConfigurationError(HomeError):
    """The operator can mend it: a wrong PIN, a missing module, an unwritable folder, a newer database."""

    exit_code = 3


class HsmFaultError(HomeError):
    """The token is damaged or does not answer as it must."""

    exit_code = 5


class PermitError(KmsCoreError):
    """Code asked the HSM for something that its permit does not cover: a fault of this program."""
