"""What a database says of itself: which token it goes with, and the highest time that was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Float, bindparam, cast, select
from sqlalchemy.dialects.sqlite import insert

from kms_core.errors import ConfigurationError
from kms_core.store.prepared import Prepared, driver_of
from kms_core.store.schema import SETTINGS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kms_core.store.prepared import AnyConnection

_CHECK_VALUE = "token_check_value"
_HIGHEST_TIME = "highest_time"
_HIGHEST = Prepared(select(SETTINGS.c.value).where(SETTINGS.c.name == _HIGHEST_TIME))
_INSERT = insert(SETTINGS)
_KEEP_HIGHEST = Prepared(
    _INSERT.on_conflict_do_update(
        index_elements=[SETTINGS.c.name],
        set_={"value": _INSERT.excluded.value},
        where=cast(SETTINGS.c.value, Float) < bindparam("seconds", required=False),
    )
)


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


def highest_time(connection: AnyConnection) -> float:
    """The highest time that was kept, in seconds since 1970; 0 where none was."""
    return max((float(value) for (value,) in _HIGHEST.filled().run(driver_of(connection))), default=0.0)


def keep_highest_time(connection: AnyConnection, seconds: float) -> None:
    """Keep a time, unless a higher one is kept."""
    _KEEP_HIGHEST.filled(name=_HIGHEST_TIME, value=repr(seconds), seconds=seconds).run(driver_of(connection))
