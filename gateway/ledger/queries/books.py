"""Fates, acts and quarantine as readers see them."""

from typing import Final

import apsw

from gateway.ledger.queries.organisation import of_site
from gateway.ports import Record
from gateway.queries.asking import Page, QuarantineFilter, Slice
from gateway.queries.rows import ActRow, FateCounts, QuarantineRow
from gateway.reading.paging import Columns, Conditions, Listing, page
from gateway.redaction import REDACTED, opened

PAYLOADS_BYTES_MAX: Final = 8 * 1024 * 1024
"""A page of quarantine ends early where its payloads would exceed this."""

_SELECT: Final = """
SELECT id, place, topic, device_id, event_id, reason, detail, received_ms, payload,
    count, state, kind, flags
FROM quarantine
"""
_OF_DEVICE: Final = (
    f"device_id IN (SELECT device_id FROM device WHERE {of_site('site')})"
)
_SELECT_ACT: Final = "SELECT place, name, at_ms, coalesce(outcome, '{}') FROM act"


def fates(connection: apsw.Connection) -> FateCounts:
    """Both counts at one moment: what ingress received, what became of it."""
    state = _numbers(connection, "SELECT name, value FROM state")
    counts = _numbers(connection, "SELECT name, sum(elements) FROM fate GROUP BY name")
    return FateCounts(
        received=state.get("messages", 0) + state.get("elements_extra", 0),
        extra=state.get("elements_extra", 0),
        accepted=counts.get("accepted", 0),
        duplicate=counts.get("duplicate", 0),
        conflict=counts.get("conflict", 0),
        quarantined=counts.get("quarantined", 0),
        ignored=counts.get("ignored", 0),
        deferred=counts.get("deferred", 0),
        processed_block=state.get("block", 0),
        ordinal=state.get("ordinal", 0),
    )


def setting(connection: apsw.Connection, name: str) -> str | None:
    for (value,) in connection.execute(
        "SELECT value FROM setting WHERE name = ?", (name,)
    ):
        return str(value)
    return None


def setting_place(connection: apsw.Connection, name: str) -> int | None:
    for (place,) in connection.execute(
        "SELECT place FROM setting WHERE name = ?", (name,)
    ):
        return int(place)
    return None


def act(connection: apsw.Connection, place: int) -> ActRow | None:
    row = connection.execute(f"{_SELECT_ACT} WHERE place = ?", (place,)).fetchone()
    return row and _act(row)


def act_of_key(connection: apsw.Connection, author: str, key: str) -> ActRow | None:
    row = connection.execute(
        f"{_SELECT_ACT} WHERE author = ? AND idempotency_key = ?", (author, key)
    ).fetchone()
    return row and _act(row)


def quarantine(
    connection: apsw.Connection, wanted: QuarantineFilter, part: Slice
) -> Page[QuarantineRow]:
    """Items, the latest kept first; `held` are all that wait."""
    conditions = Conditions()
    conditions.where("reason = ?", wanted.reason)
    conditions.where("device_id = ?", wanted.device)
    conditions.where(_OF_DEVICE, wanted.subtree)
    if wanted.state == "held":
        conditions.where("state IN ('held', ?)", "quarantined")
    else:
        conditions.where("state = ?", wanted.state)
    return _bounded(page(connection, _ITEMS, conditions, part))


def quarantined(connection: apsw.Connection, number: int) -> QuarantineRow | None:
    row = connection.execute(f"{_SELECT} WHERE id = ?", (number,)).fetchone()
    return row and _item(row)


def _bounded(items: Page[QuarantineRow]) -> Page[QuarantineRow]:
    size = 0
    for index, item in enumerate(items.items):
        size += len(item.payload or b"")
        if size > PAYLOADS_BYTES_MAX and index:
            kept = items.items[:index]
            return Page(kept, str(kept[-1].id))
    return items


def _numbers(connection: apsw.Connection, select: str) -> dict[str, int]:
    return {str(name): int(number) for name, number in connection.execute(select)}


def _act(row: Columns) -> ActRow:
    place, name, at_ms, outcome = row
    return ActRow(place=place, name=name, at_ms=at_ms, outcome=outcome)


def _item(row: Columns) -> QuarantineRow:
    number, place, topic, device_id, event_id, reason, detail = row[:7]
    received_ms, payload, count, state, kind, flags = row[7:]
    source = None
    if payload is not None and flags & REDACTED:
        record = opened(Record(kind, topic, payload, received_ms, flags))
        payload, source = record.payload, record.source
    return QuarantineRow(
        id=number,
        place=place,
        topic=topic,
        device_id=device_id,
        event_id=event_id,
        reason=reason,
        detail=detail,
        received_ms=received_ms,
        payload=payload,
        count=count,
        state=state,
        source=source,
    )


_ITEMS: Final = Listing(_SELECT, "quarantine", "id", _item)
