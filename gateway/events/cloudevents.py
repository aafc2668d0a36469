"""CloudEvents 1.0, JSON: what the business backend reads."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from gateway.ports import AnyEvent, Event, HealthPoint, RatingEvent

_SECONDS_CACHED: Final = 8192
_SEQUENCE_DIGITS: Final = 20
PersonalFields = Callable[[int], Mapping[str, object] | None]


_MILLISECONDS: Final = tuple(f".{milliseconds:03d}Z" for milliseconds in range(1000))


_SECOND_CHARS: Final = len("2026-11-21T22:40:00")


@lru_cache(_SECONDS_CACHED)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:_SECOND_CHARS]


def rfc3339(time_ms: int) -> str:
    """`2026-11-21T22:40:00.123Z`."""
    return _second(time_ms // 1000) + _MILLISECONDS[time_ms % 1000]


@lru_cache(256)
def full_type(name: str) -> str:
    """The CloudEvents `type` of an event's name."""
    return f"evalgate.{name}.v1"


def cloud_id(event: AnyEvent) -> str:
    """The CloudEvents `id`, stable over retries and rebuilds."""
    if isinstance(event, RatingEvent):
        subject = f"{event.device_id}:{event.event_id}"
    elif isinstance(event, HealthPoint):  # its key names it among all points
        return f"{event.type}:{event.device_id}:{event.point_ns}"
    else:
        subject = event.subject
    return f"{full_type(event.type)}:{subject}:{event.version}"


class _Item(msgspec.Struct, gc=False):
    code: str
    level: int


class _RatingData(msgspec.Struct, gc=False, omit_defaults=True):
    rating_id: str
    event_id: str
    device_id: str
    version: int
    level: int
    level_raw: int | float | str | None
    occurred_at: str
    received_at: str
    time_quality: str
    session_id: str | None
    employee_id: str | None
    origin: str
    flags: tuple[str, ...]
    effective: bool
    score: float
    session_key: str | None = None
    site: str | None = None
    department: str | None = None
    window: str | None = None
    stage: int | None = None
    items: list[_Item] = []
    reasons: tuple[str, ...] = ()
    round: str = "initial"
    amends: str | None = None
    medium: str = "terminal"
    related: str | None = None


class CloudEvent(msgspec.Struct, gc=False):
    """`data` of a rating is a struct, of any other event a JSON object, encoded."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    partitionkey: str
    sequence: str
    datacontenttype: str
    data: _RatingData | msgspec.Raw


class CloudEvents:
    """Makes CloudEvents of one gateway; `personal` unseals what is joined at sending.

    `sequence` is the ordinal in twenty digits, so that it sorts as text.
    """

    def __init__(self, gateway_id: str, personal: PersonalFields) -> None:
        self._source = f"/gateways/{gateway_id}"
        self._personal = personal
        self._encoder = msgspec.json.Encoder()
        self._received = (0, rfc3339(0))  # of the last rating; packets come together

    def wrap(self, event: AnyEvent) -> CloudEvent:
        if isinstance(event, RatingEvent):
            return self._rating(event)
        assert not isinstance(event, HealthPoint), "a bare point is no event"
        return self._other(event)

    def encode(self, events: CloudEvent | Sequence[CloudEvent]) -> bytes:
        """One event as a JSON object, several as an array."""
        return self._encoder.encode(events)

    def _rating(self, event: RatingEvent) -> CloudEvent:
        device_id, event_id, version = event.device_id, event.event_id, event.version
        session_id, session_key = event.session_id, event.session_key
        subject = f"{device_id}:{event_id}"
        full = full_type(event.type)
        occurred_at = rfc3339(event.occurred_ms)
        # Positional, in the order of the fields: twice as fast as by keyword.
        data = _RatingData(
            subject,
            event_id,
            device_id,
            version,
            event.level,
            event.level_raw,
            occurred_at,
            self._received_at(event.received_ms),
            event.time_quality,
            session_id,
            event.employee_id,
            event.origin,
            event.flags,
            event.effective,
            event.score,
            session_key,
            event.site,
            event.department,
            event.window,
            event.stage,
            [_Item(code, level) for code, level in event.items] if event.items else [],
            event.reasons,
            event.round,
            event.amends,
            event.medium,
            event.related,
        )
        return CloudEvent(
            "1.0",
            f"{full}:{subject}:{version}",
            self._source,
            full,
            subject,
            occurred_at,
            session_key or session_id or device_id,
            str(event.ordinal).zfill(_SEQUENCE_DIGITS),
            "application/json",
            data,
        )

    def _received_at(self, received_ms: int) -> str:
        last_ms, text = self._received
        if received_ms != last_ms:
            text = rfc3339(received_ms)
            self._received = (received_ms, text)
        return text

    def _other(self, event: Event) -> CloudEvent:
        full = full_type(event.type)
        return CloudEvent(
            "1.0",
            f"{full}:{event.subject}:{event.version}",
            self._source,
            full,
            event.subject,
            rfc3339(event.time_ms),
            event.partition,
            str(event.ordinal).zfill(_SEQUENCE_DIGITS),
            "application/json",
            msgspec.Raw(self._data(event)),
        )

    def _data(self, event: Event) -> bytes:
        data: dict[str, object] = msgspec.json.decode(event.data)
        if event.personal is not None:
            data |= self._personal(event.personal) or {}
        data["version"] = event.version
        return self._encoder.encode(data)
