"""/devices/{id}/history, /hours, /messages: how a device came to be as it is."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import Field

from gateway.clock import Clock
from gateway.console.callers import Caller, Reader
from gateway.console.instants import Instant, Rfc3339, milliseconds
from gateway.console.items import Base64, Item, ListOf
from gateway.console.payloads import Payloads
from gateway.console.requests import ListQuery, Strict
from gateway.console.sight import Sight
from gateway.ports import RecordFlag, RecordKind
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.counts import CountFilter
from gateway.queries.devices import DeviceHistory as Found
from gateway.queries.devices import DevicePeriod
from gateway.queries.journal import JournalRecords, Kept, TailFilter
from gateway.ratings.cells import RECEIVED
from gateway.ratings.periods import LocalTime

_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_DAYS_SHOWN: Final = 30
_AFTER_HEARD_MS: Final = 60_000
"""A message is appended so much later than it came, at most."""

_OF_A_SITE: Final = frozenset({"rating", "session", "complaint"})
"""Channels whose messages count where the device stood when they came."""


class HistoryQuery(Strict):
    """Half-open; without `from` the 30 days before `to`, which is now unless given."""

    from_: Rfc3339 | None = Field(None, alias="from")
    to: Rfc3339 | None = None


class SpanItem(Item):
    """`kind`: in service, absent (offline in its hours), failed, or in maintenance."""

    kind: str
    since: Instant = Field(validation_alias="since_ms")
    until: Instant | None = Field(validation_alias="until_ms")


class FindingItem(Item):
    alert_id: int
    code: str
    severity: str
    text: str
    raised_at: Instant = Field(validation_alias="raised_ms")
    cleared_at: Instant | None = Field(validation_alias="cleared_ms")
    times: int


class DayItem(Item):
    """`pressed` is by its key counters, not `exact` when they began anew.

    `other` are its accepted messages that are no ratings.
    """

    day: str
    accepted: int
    other: int
    duplicate: int
    pressed: int | None
    exact: bool


class HistoryItem(Item):
    """The newest first, 1,000 of each at most."""

    spans: list[SpanItem]
    findings: list[FindingItem]
    days: list[DayItem]


class HoursQuery(Strict):
    """A local day of the device's site; today unless given."""

    day: date | None = Field(None, ge=date(1970, 1, 1), lt=date(9000, 1, 1))


class HourItem(Item):
    """`usual` is what the device gave in this hour of earlier weeks; null: unknown."""

    hour: str
    from_: Instant = Field(serialization_alias="from")
    ratings: int
    usual: float | None


class HoursItem(Item):
    day: date
    time_zone: str
    items: list[HourItem]


class MessageItem(Item):
    """What the device sent, comments and contacts hidden.

    `payload_base64` is null where it cannot be shown without them, or counts at a site
    that the caller does not see.
    """

    place: str
    channel: str
    via: str
    received_at: Instant
    appended_at: Instant
    bytes: int
    retained: bool
    duplicate: bool
    backlog: bool
    redacted: bool
    payload_base64: Base64 | None


class DeviceHistories:
    def __init__(
        self, ledger: LedgerQueries, records: JournalRecords, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._records = records
        self._clock = clock
        self._sight = Sight(ledger)
        self._payloads = Payloads(ledger, records)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/devices/{device_id}", tags=["devices"])
        router.add_api_route("/history", self.history, response_model=HistoryItem)
        router.add_api_route("/hours", self.hours, response_model=HoursItem)
        router.add_api_route(
            "/messages", self.messages, response_model=ListOf[MessageItem]
        )
        return router

    def history(
        self, device_id: str, query: Annotated[HistoryQuery, Query()], caller: Reader
    ) -> Found:
        """When it was absent, failed or in maintenance, its alerts, and its days."""
        self._sight.device(caller, device_id)
        to_ms = milliseconds(query.to) or self._clock.wall_ms()
        from_ms = milliseconds(query.from_)
        if from_ms is None:
            from_ms = to_ms - _DAYS_SHOWN * _DAY_MS
        period = DevicePeriod(from_ms, to_ms, caller.site)
        return self._ledger.device_history(device_id, period)

    def hours(
        self, device_id: str, query: Annotated[HoursQuery, Query()], caller: Reader
    ) -> HoursItem:
        """Ratings by the hour of a day, beside what is usual for this device."""
        device = self._sight.device(caller, device_id)
        rules = self._ledger.terms().book.at(device.site).rules
        zone = ZoneInfo(rules.time_zone)
        day = query.day or self._today(zone)
        begun_ms = _hours_of(day, zone)
        ordinal = day.toordinal()
        wanted = CountFilter(
            subtree=caller.site,
            device=device_id,
            days=(ordinal, ordinal + 1),
            group_by=("hour",),
        )
        (counted,) = self._ledger.counts([wanted])
        usual = self._ledger.usual_ratings(device_id, begun_ms)
        items = []
        for at_ms, expected in zip(begun_ms, usual, strict=True):
            hour = f"{_local(at_ms, zone).hour:02}"
            ratings = counted.get((hour,), {}).get(RECEIVED, 0)
            items.append(
                HourItem(hour=hour, from_=at_ms, ratings=ratings, usual=expected)
            )
        return HoursItem(day=day, time_zone=rules.time_zone, items=items)

    def messages(
        self, device_id: str, query: Annotated[ListQuery, Query()], caller: Reader
    ) -> Page[dict[str, Any]]:
        """What it sent last, as the journal keeps it.

        A page may hold fewer than `limit`, even none, while `next_cursor` is not null:
        it looks at so much of the journal at most.
        """
        self._sight.device(caller, device_id)
        heard_ms = self._ledger.heard_ms(device_id)
        until_ms = None if heard_ms is None else heard_ms + _AFTER_HEARD_MS
        found = self._records.tail(TailFilter(device_id, until_ms), query.part)
        shown = self._shown(caller, found.items)
        items = [
            _message(one, self._payload(one) if one.place in shown else None)
            for one in found.items
        ]
        return Page(items, found.next_cursor)

    def _payload(self, one: Kept) -> bytes | None:
        return self._payloads.hide(one.record.payload, one.place.pack())

    def _shown(self, caller: Caller, kept: list[Kept]) -> frozenset[Any]:
        """The places of what may be shown: what counts elsewhere is not."""
        if caller.site is None:
            return frozenset(one.place for one in kept)
        placed = {
            one.place.pack(): one.place for one in kept if _channel(one) in _OF_A_SITE
        }
        here = self._ledger.counted_within(list(placed), caller.site)
        hidden = {place for number, place in placed.items() if number not in here}
        return frozenset(one.place for one in kept if one.place not in hidden)

    def _today(self, zone: ZoneInfo) -> date:
        return _local(self._clock.wall_ms(), zone).date()


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, zone)


def _hours_of(day: date, zone: ZoneInfo) -> list[int]:
    """When each hour of a local day begins; one that comes twice is one."""
    local = LocalTime(zone)
    begin_ms, end_ms = local.begin_ms(day), local.begin_ms(day + timedelta(1))
    begun_ms = list(range(begin_ms, end_ms, _HOUR_MS))
    hours = [_local(at_ms, zone).hour for at_ms in begun_ms]
    again = {at for at, (one, other) in enumerate(pairwise(hours), 1) if one == other}
    return [at_ms for at, at_ms in enumerate(begun_ms) if at not in again]


def _channel(one: Kept) -> str:
    return one.record.topic.rpartition("/")[2]


def _message(one: Kept, payload: bytes | None) -> dict[str, Any]:
    record = one.record
    return {
        "place": str(one.place),
        "channel": _channel(one),
        "via": "http" if record.kind == RecordKind.HTTP else "mqtt",
        "received_at": record.received_ms,
        "appended_at": one.appended_ms,
        "bytes": len(record.payload),
        "retained": bool(record.flags & RecordFlag.RETAINED),
        "duplicate": bool(record.flags & RecordFlag.DUPLICATE),
        "backlog": bool(record.flags & RecordFlag.BACKLOG),
        "redacted": bool(record.flags & RecordFlag.REDACTED),
        "payload_base64": payload,
    }
