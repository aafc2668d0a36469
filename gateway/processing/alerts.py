"""Events about anything but a rating, and alerts: one open per cause and subject."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from gateway.ledger.books import OpenAlert
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
    version = state.books.next_version(name, subject)
    state.emission.events.append(
        Event(
            state.ordinal,
            name,
            subject,
            version,
            state.now_ms if at_ms is None else at_ms,
            partition or subject,
            msgspec.json.encode(data),
            personal,
        )
    )


def raise_alert(
    state: State,
    cause: str,
    subject: str,
    severity: str,
    text: str,
    device: Device | None = None,
) -> None:
    """Open an alert, or count one more occasion of the open one."""
    text = text[:TEXT_CHARS_MAX]
    known = state.alerts.get((cause, subject))
    if known is not None:
        state.books.repeat_alert(known.id, text, state.now_ms)
        return
    device_id = None if device is None else device.device_id
    site = None if device is None else device.site
    alert_id = state.books.open_alert(
        cause, subject, device_id, site, severity, text, state.now_ms
    )
    state.alerts[cause, subject] = OpenAlert(alert_id, cause, subject, 1)
    data = {
        "alert_id": alert_id,
        "cause": cause,
        "severity": severity,
        "device_id": device_id,
        "site": site,
        "text": text,
        "state": "open",
    }
    announce(state, "alert.opened", str(alert_id), data)


def alert_group(
    state: State,
    cause: str,
    site: str,
    severity: str,
    text: str,
    devices: Sequence[str],
) -> None:
    """Open an alert about devices of a site, or say which ones it is about now."""
    raise_alert(state, cause, site, severity, text)
    state.books.group_alert(state.alerts[cause, site].id, site, devices)


def resolve_alert(state: State, cause: str, subject: str, text: str) -> None:
    """Close an alert whose cause is gone; nothing happens when none is open."""
    known = state.alerts.pop((cause, subject), None)
    if known is None:
        return
    state.books.resolve_alert(known.id, state.now_ms)
    data = {
        "alert_id": known.id,
        "cause": cause,
        "text": text,
        "state": "resolved",
    }
    announce(state, "alert.resolved", str(known.id), data)
