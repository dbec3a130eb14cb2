"""A token belongs to the process that opened it: whoever inherits it by a fork is told so at once.

The state of a PKCS#11 module after a fork is undefined (PKCS #11 v2.40 Usage Guide, "Applications and
processes"), and a lock that another thread held stays locked for ever, so this is asked before any lock.
A forked process may open the token anew.
"""

from __future__ import annotations

import os

from kms_core.errors import HsmFaultError


class _Forks:
    """How many forks lie between this process and the one that imported this file."""

    count = 0

    @classmethod
    def after_in_child(cls) -> None:
        cls.count += 1


os.register_at_fork(after_in_child=_Forks.after_in_child)


class Birthplace:
    """Remembers the process that it was made in."""

    __slots__ = ("_forks",)

    def __init__(self) -> None:
        self._forks = _Forks.count

    @property
    def is_here(self) -> bool:
        """Whether this is still that process."""
        return self._forks == _Forks.count

    def require(self) -> None:
        """Check that this is still that process.

        Raises:
            HsmFaultError: it is a fork of it.
        """
        if not self.is_here:
            raise HsmFaultError(
                "the token was opened by the process that this one was forked from",
                help="open the token after the fork, or start processes by spawning",
            )
