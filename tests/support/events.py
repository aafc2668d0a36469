"""Events as the ledger would emit them, with what a test cares for."""

import json

from gateway.ports import Event, OutboxRow, RatingEvent, Receipt

BEGUN_MS = 1_795_000_000_000
ALERT = {
    "alert_id": 7,
    "cause": "offline",
    "severity": "critical",
    "device_id": "dev-1",
    "site": "hall-1",
    "text": "dev-1 is offline",
    "state": "open",
}


def rating_event(number: int, **fields: object) -> RatingEvent:
    """A plain `rating.recorded`, the `number`th of a device among ten."""
    values: dict[str, object] = {
        "ordinal": number,
        "type": "rating.recorded",
        "device_id": f"dev-{number % 10}",
        "event_id": f"event-{number:08d}",
        "version": 1,
        "level": 5,
        "level_raw": 5,
        "occurred_ms": BEGUN_MS + number,
        "received_ms": BEGUN_MS + number + 50,
        "time_quality": "device",
        "session_id": f"T{number}",
        "employee_id": "0042",
        "origin": "customer",
        "flags": (),
        "effective": True,
        "score": 5.0,
        "tags": f"site=hall-1,device=dev-{number % 10},origin=customer",
        "point_ns": (BEGUN_MS + number) * 1_000_000 + number,
        "site": "hall-1",
        "session_key": f"hall-1:T{number}:0:1",
    }
    return RatingEvent(**{**values, **fields})  # type: ignore[arg-type] # a test's own fields


def other_event(number: int, **fields: object) -> Event:
    values: dict[str, object] = {
        "ordinal": number,
        "type": "alert.opened",
        "subject": f"alert-{number}",
        "version": 1,
        "time_ms": BEGUN_MS + number,
        "partition": f"dev-{number % 10}",
        "data": json.dumps(ALERT).encode(),
    }
    return Event(**{**values, **fields})  # type: ignore[arg-type] # a test's own fields


def outbox_row(block: int, numbers: range, **lists: object) -> OutboxRow:
    """A row with a plain rating for each number."""
    events = [rating_event(number) for number in numbers]
    values: dict[str, object] = {"events": events, **lists}
    return OutboxRow(block, BEGUN_MS + block, **values)  # type: ignore[arg-type] # as above


def receipt(device_id: str, *event_ids: str) -> Receipt:
    return Receipt(device_id, list(event_ids), [])
