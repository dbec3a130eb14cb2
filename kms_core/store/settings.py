"""What a database says of itself: which token it goes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from kms_core.errors import ConfigurationError
from kms_core.store.schema import SETTINGS

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CHECK_VALUE = "token_check_value"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a database.

    Attributes:
        check_value: what the token's own keys make of a constant, in hexadecimal; another value is another
            token.
    """

    check_value: str


def write_settings(connection: Connection, settings: Settings) -> None:
    """Write them, once and for all."""
    connection.execute(insert(SETTINGS).values(name=_CHECK_VALUE, value=settings.check_value))


def read_settings(connection: Connection) -> Settings:
    """Read them.

    Raises:
        ConfigurationError: they are not there: the database was never finished.
    """
    query = select(SETTINGS.c.value).where(SETTINGS.c.name == _CHECK_VALUE)
    value = connection.execute(query).scalar_one_or_none()
    if value is None:
        raise ConfigurationError(
            "the database does not say which token it goes with", help="restore it from a backup"
        )
    return Settings(value)
