"""Which units of the outbox are for which sink: one rule for all who count them."""

from collections.abc import Iterable, Sequence
from typing import Final

from gateway.events.registry import EVENTS, NOTICE, POINTS, RATING_EVENTS
from gateway.ports import AnyEvent, Event, Order, OutboxRow, RatingEvent, Receipt, Unit

INFLUXDB: Final = "influxdb"
BACKEND: Final = "backend"
RECEIPTS: Final = "receipts"
COMMANDS: Final = "commands"
TO_TERMINALS: Final = frozenset({RECEIPTS, COMMANDS})
"""Kinds of sinks whose units are no events: they answer terminals, or ask them."""
EMAIL: Final = "email"
WEBHOOK: Final = "webhook"
NOTIFIERS: Final = frozenset({EMAIL, WEBHOOK})
"""Kinds of sinks that each tell one recipient of alerts; filters are their names."""


def matches(pattern: str, name: str) -> bool:
    """Whether a filter like `*`, `rating.*` or `alert.opened` names this event."""
    if pattern == "*":
        return True
    head, star, _ = pattern.partition(".*")
    return name.startswith(f"{head}.") if star else name == pattern


def selected(patterns: Iterable[str]) -> frozenset[str]:
    """The names of the registry that these filters let through."""
    return _among(EVENTS, patterns)


def _among(names: Iterable[str], patterns: Iterable[str]) -> frozenset[str]:
    wanted = tuple(patterns)
    return frozenset(
        name for name in names if any(matches(pattern, name) for pattern in wanted)
    )


class Address:
    """What a sink of this kind with these filters takes; no filter takes nothing.

    InfluxDB has points of ratings and of heartbeats; the backend has all events, but
    no bare points; receipts, and what goes to terminals beside them, are lists of their
    own in each row. Who is told of alerts takes the notices of that name, and nobody
    else does.
    """

    def __init__(self, kind: str, patterns: Sequence[str]) -> None:
        self._own = kind if kind in TO_TERMINALS else None
        self._any = bool(patterns)
        self._told = frozenset(patterns) if kind in NOTIFIERS else None
        of_kind = POINTS | RATING_EVENTS if kind == INFLUXDB else EVENTS
        self._names = _among(of_kind, patterns)
        self._all = self._names >= EVENTS.keys()

    def takes(self, name: str) -> bool:
        """Whether events or points of this name are for this sink."""
        return name in self._names

    def units(self, row: OutboxRow) -> Sequence[Unit]:
        """The list of the row that a cursor's index counts in."""
        if self._own is None:
            return row.events
        return row.receipts if self._own == RECEIPTS else row.orders

    def indexes(self, row: OutboxRow) -> Sequence[int]:
        """Which of `units(row)` are for this sink, ascending."""
        if self._own is not None:
            return range(len(self.units(row)) if self._any else 0)
        if self._told is not None:
            return self._notices(row) if row.notices else ()
        if self._all and not row.points and not row.notices:
            return range(len(row.events))
        names = self._names
        return [at for at, event in enumerate(row.events) if event.type in names]

    def _notices(self, row: OutboxRow) -> list[int]:
        assert self._told is not None, "no recipient of alerts"
        return [
            at
            for at, event in enumerate(row.events)
            if event.type == NOTICE
            and isinstance(event, Event)
            and event.partition in self._told
        ]

    def count(self, row: OutboxRow) -> int:
        return len(self.indexes(row))


def partition_of(unit: Unit) -> str:
    """What units must share to be kept in order: their session, else their device."""
    if isinstance(unit, RatingEvent):
        return unit.session_key or unit.session_id or unit.device_id
    return unit.device_id if isinstance(unit, Receipt | Order) else unit.partition


def describe_unit(unit: Unit) -> tuple[str, str]:
    """Its type, and the key of what it is about."""
    if isinstance(unit, Receipt):
        return "receipt", unit.device_id
    if isinstance(unit, Order):
        return unit.channel, unit.device_id
    return unit.type, subject_of(unit)


def time_of(event: AnyEvent) -> int:
    """When what it tells happened, in milliseconds."""
    if isinstance(event, RatingEvent):
        return event.occurred_ms
    return event.time_ms if isinstance(event, Event) else event.point_ns // 1_000_000


def subject_of(event: AnyEvent) -> str:
    return event.rating_id if isinstance(event, RatingEvent) else event.subject
