"""Notices as the ledger would emit them."""

import msgspec

from gateway.events.registry import NOTICE
from gateway.ports import Event, OutboxRow
from tests.support.events import BEGUN_MS


def notice(number: int, recipient: str = "anna", **fields: object) -> Event:
    """The notice of one alert."""
    alert = {
        "alert_id": number,
        "cause": "offline",
        "severity": "warning",
        "state": "open",
        "device_id": f"dev-{number}",
        "site": "hall",
        "text": f"dev-{number} is offline",
        "opened_at": "2026-11-23T02:00:00.000Z",
        "resolved_at": None,
    }
    data = {"recipient": recipient, "notice": "opened", "alerts": [alert], "more": 0}
    return Event(
        ordinal=number,
        type=NOTICE,
        subject=str(number),
        version=1,
        time_ms=BEGUN_MS + number,
        partition=recipient,
        data=msgspec.json.encode(data | fields),
    )


def row(block: int, *notices: Event) -> OutboxRow:
    return OutboxRow(block, BEGUN_MS + block, list(notices), notices=len(notices))
