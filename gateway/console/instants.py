"""Instants at the edge: RFC 3339 outside, milliseconds inside."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    PlainSerializer,
    WithJsonSchema,
)

from gateway.events import rfc3339

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_is_written: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})"
).fullmatch


def _written(value: object) -> object:
    """A number is no time here, though seconds since 1970 could be meant by it."""
    if isinstance(value, str) and not _is_written(value):
        raise ValueError("write a time like 2026-11-21T12:00:00+08:00")
    if isinstance(value, int | float):
        raise ValueError('write a time in quotes, like "2026-11-21T12:00:00+08:00"')  # noqa: TRY004 -- pydantic takes it for a fault of the request
    return value


def _of_a_year(instant: datetime) -> datetime:
    """What lies in no year of UTC could not be told again."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside of the years 1 to 9999 of UTC") from None


Rfc3339 = Annotated[
    AwareDatetime, BeforeValidator(_written), AfterValidator(_of_a_year)
]
"""A time as callers write it: with its offset."""


def milliseconds(instant: AwareDatetime | None) -> int | None:
    """None stays None: a bound that was not given."""
    return None if instant is None else since_epoch(instant)


def since_epoch(instant: AwareDatetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND


Instant = Annotated[
    int,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""Milliseconds that leave the API as RFC 3339."""
