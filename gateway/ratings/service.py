"""What a session's own events say of the service."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gateway.ratings.facts import Action, SessionEvent
from gateway.ratings.grouping import event_order

_CLOSING: Final[tuple[Action, ...]] = ("cancelled", "not_eligible")


class Service(NamedTuple):
    """Instants in ms; None: not known. `closed_as` is why it is not to be rated.

    `end_heard_ms` is the journal's time when its end became known, 0: not known.
    """

    opened_ms: int | None = None
    invited_ms: int | None = None
    ended_ms: int | None = None
    closed_as: Action | None = None
    device_id: str | None = None
    window: str | None = None
    employee_id: str | None = None
    service_code: str | None = None
    reason: str | None = None
    end_heard_ms: int = 0


NO_SERVICE: Final = Service()


def service_of(events: Sequence[SessionEvent]) -> Service:
    """The service, told by terminals and queue systems alike.

    Queue systems know better than a terminal which customers were served, so of two
    events of one action theirs wins, then the earlier one. Who served is taken from
    the end of the service first: the session counts there.
    """
    if not events:
        return NO_SERVICE
    ordered = _by_source(events)
    first: dict[str, SessionEvent] = {}
    for event in ordered:
        first.setdefault(event.action, event)
    closed_as = next((action for action in _CLOSING if action in first), None)
    ended = first.get("ended")
    told = _end_first(ordered)
    return Service(
        opened_ms=_moment(first.get("opened")),
        invited_ms=_moment(first.get("invited")),
        ended_ms=_moment(ended),
        closed_as=closed_as,
        device_id=told[0].device_id,
        window=_told(told, "window"),
        employee_id=_told(told, "employee_id"),
        service_code=_told(told, "service_code"),
        reason=_told(told, "reason"),
        end_heard_ms=0 if ended is None else ended.heard_ms,
    )


def tellers(events: Iterable[SessionEvent]) -> list[SessionEvent]:
    """A session's events in the order in which they are believed as to who served."""
    return _end_first(_by_source(events))


def _by_source(events: Iterable[SessionEvent]) -> list[SessionEvent]:
    return sorted(events, key=lambda one: (one.source != "http", event_order(one)))


def _end_first(events: Iterable[SessionEvent]) -> list[SessionEvent]:
    return sorted(events, key=lambda one: one.action != "ended")


def _moment(event: SessionEvent | None) -> int | None:
    return None if event is None else event.occurred_ms


def _told(events: Sequence[SessionEvent], name: str) -> str | None:
    """The first value that any of them gives to a field."""
    values = (getattr(event, name) for event in events)
    return next((value for value in values if value is not None), None)
