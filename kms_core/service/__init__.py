"""The operations of the KMS, as typed Python methods: `Kms`, with one module for each family of operations.

Each method checks its parameters, finds its key, passes the gate, checks the key's state and usage, and only
then works (`calls` has that order). Not a protocol: no HTTP, no JSON.
"""

from kms_core.service.kms import Kms

__all__ = ["Kms"]
