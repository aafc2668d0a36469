"""Events about anything but a rating, and alerts: one open per cause and subject.

Each change follows the table of `fleet.alerts`, is kept in the alert's history and told
as an event; whom it is told to is decided in `gateway.processing.alerting.notifying`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from fleet.alerts import TRANSITIONS, AlertState, Sign
from gateway.ledger.alerts import Alert, OpenAlert
from gateway.ledger.devices import Device
from gateway.ports import Event
from gateway.processing.state import State

TEXT_CHARS_MAX: Final = 1_000


def announce(
    state: State,
    name: str,
    subject: str,
    data: Mapping[str, object],
    partition: str | None = None,
    personal: int | None = None,
    at_ms: int | None = None,
) -> None:
    """Put an event of the registry into the outbox; versions count in fold order."""
    state.emission.events.append(
        event_of(state, name, subject, data, partition, personal, at_ms)
    )


def event_of(
    state: State,
    name: str,
    subject: str,
    data: Mapping[str, object],
    partition: str | None = None,
    personal: int | None = None,
    at_ms: int | None = None,
) -> Event:
    """The next event of this name about this subject."""
    version = state.books.next_version(name, subject)
    return Event(
        state.ordinal,
        name,
        subject,
        version,
        state.now_ms if at_ms is None else at_ms,
        partition or subject,
        msgspec.json.encode(data),
        personal,
    )


def raise_alert(
    state: State,
    cause: str,
    subject: str,
    severity: str,
    text: str,
    device: Device | None = None,
    site: str | None = None,
) -> None:
    """Open an alert, or count one more occasion of the open one.

    One that resolved itself within the cooldown is opened again instead of a new one.
    """
    text = text[:TEXT_CHARS_MAX]
    known = state.alerts.get((cause, subject))
    if known is not None:
        state.alert_books.repeat(known.id, text, state.now_ms)
        return
    before = state.alert_books.latest(cause, subject)
    if before is not None and _is_back(state, before):
        _reopen(state, before, text)
        return
    device_id = None if device is None else device.device_id
    site = site if device is None else device.site
    alert_id = state.alert_books.open(
        cause, subject, device_id, site, severity, text, state.now_ms
    )
    _stand(state, alert_id, cause, subject)
    state.alert_books.note(alert_id, state.now_ms, "opened", text=text)
    tell_change(state, alert_id, "alert.opened")
    state.notifier.stands(alert_id)


def alert_group(
    state: State,
    cause: str,
    site: str,
    severity: str,
    text: str,
    devices: Sequence[str],
) -> None:
    """Open an alert about devices of a site, or say which ones it is about now."""
    raise_alert(state, cause, site, severity, text, site=site)
    state.alert_books.group(state.alerts[cause, site].id, devices)


def resolve_alert(state: State, cause: str, subject: str, text: str) -> None:
    """Close an alert whose cause is gone; nothing happens when none is open."""
    known = state.alerts.get((cause, subject))
    if known is not None:
        _end(state, known, Sign.CLEARED, text, None)


def close_alert(state: State, alert: Alert, author: str, text: str) -> None:
    """A person says that nothing is left to be done."""
    known = state.alerts[alert.cause, alert.subject]
    _end(state, known, Sign.CLOSED, text, author)


def follow(
    state: State,
    alert: Alert,
    sign: Sign,
    author: str | None = None,
    text: str | None = None,
) -> AlertState | None:
    """Take a sign that leaves the alert standing; None: it changes nothing."""
    after = TRANSITIONS.get((AlertState(alert.state), sign))
    if after is None:
        return None
    confirmed_by = author if after is AlertState.CONFIRMED else None
    state.alert_books.move(alert.id, after, confirmed_by)
    what = "reopened" if sign is Sign.ELAPSED else after.value
    state.alert_books.note(alert.id, state.now_ms, what, author, text)
    return after


def tell_change(
    state: State, alert_id: int, name: str, more: Mapping[str, object] | None = None
) -> None:
    """An event with the alert as it stands now."""
    alert = state.alert_books.alert(alert_id)
    assert alert is not None, "told of while it is in the books"
    data = {
        "alert_id": alert.id,
        "cause": alert.cause,
        "severity": alert.severity,
        "device_id": alert.device_id,
        "site": alert.site,
        "text": alert.text,
        "state": alert.state,
        **(more or {}),
    }
    announce(state, name, str(alert_id), data)


def _is_back(state: State, before: Alert) -> bool:
    """Whether it resolved itself so short a while ago that it is the same still."""
    if before.resolved_ms is None or before.closed:
        return False
    return state.now_ms - before.resolved_ms < state.alerting.cooldown_ms


def _reopen(state: State, before: Alert, text: str) -> None:
    sign = Sign.RETURNED if before.confirmed_by is None else Sign.RETURNED_KNOWN
    after = TRANSITIONS[AlertState.RESOLVED, sign]
    state.alert_books.reopen(before.id, after, text, state.now_ms)
    _stand(state, before.id, before.cause, before.subject)
    state.alert_books.note(before.id, state.now_ms, "reopened", text=text)
    tell_change(state, before.id, "alert.opened", {"reopened": True})
    state.notifier.stands(before.id)


def _stand(state: State, alert_id: int, cause: str, subject: str) -> None:
    state.alerts[cause, subject] = OpenAlert(alert_id, cause, subject, 1)


def _end(
    state: State, known: OpenAlert, sign: Sign, text: str, author: str | None
) -> None:
    del state.alerts[known.cause, known.subject]
    closed = sign is Sign.CLOSED
    state.alert_books.resolve(known.id, state.now_ms, closed=closed)
    state.alert_books.note(known.id, state.now_ms, "resolved", author, text)
    more = {"text": text} | ({"by": author} if author else {})
    tell_change(state, known.id, "alert.resolved", more)
    state.notifier.resolved(known.id)
