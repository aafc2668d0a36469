"""Instants at the edge: RFC 3339 outside, milliseconds inside."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, PlainSerializer, WithJsonSchema

from gateway.events import rfc3339

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


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
