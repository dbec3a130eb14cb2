"""Times as the AWS CLI prints them: version 2 writes ISO 8601, version 1 seconds since 1970."""

from datetime import datetime
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PydanticCustomError("timestamp", "a time is seconds since 1970, or ISO 8601 with a zone")
    return moment.timestamp()


Timestamp = Annotated[
    float | None, PlainValidator(_seconds), WithJsonSchema({"type": ["number", "string", "null"]})
]
"""Seconds since 1970, or None where it is not known."""
