"""What became of a device: spans, alerts, days, and what is usual for it."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import apsw
import msgspec

from fleet.findings import Findings, usual_ratings
from gateway.ledger.devices import Pressing
from gateway.ledger.queries.organisation import of_site
from gateway.places import ELEMENTS_MAX
from gateway.queries.devices import (
    DeviceDay,
    DeviceFinding,
    DeviceHistory,
    DevicePeriod,
    DeviceSpan,
)
from gateway.reading.paging import Columns, Conditions

ROWS_MAX: Final = 1_000
"""Of each kind; the oldest are left out."""

_NUMBER: Final = "(SELECT no FROM device WHERE device_id = ?)"
_CURRENT: Final = """
SELECT a.day, a.day_accepted, h.pressing FROM device AS d
JOIN device_activity AS a ON a.no = d.no LEFT JOIN device_health AS h ON h.no = d.no
WHERE d.device_id = ?
"""
_DAY_MS: Final = 86_400_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_PRESSING: Final = msgspec.json.Decoder(Pressing)
_FINDINGS: Final = msgspec.json.Decoder(Findings)


def history(
    connection: apsw.Connection, device_id: str, wanted: DevicePeriod
) -> DeviceHistory:
    """All that touched the stretch of time."""
    return DeviceHistory(
        _spans(connection, device_id, wanted),
        _alerts(connection, device_id, wanted),
        _days(connection, device_id, wanted),
    )


def _spans(
    connection: apsw.Connection, device_id: str, wanted: DevicePeriod
) -> list[DeviceSpan]:
    rows = connection.execute(
        "SELECT kind, since_ms, until_ms FROM device_span"
        f" WHERE device_no = {_NUMBER} AND since_ms < ?"
        " AND (until_ms IS NULL OR until_ms > ?) ORDER BY since_ms DESC LIMIT ?",
        (device_id, wanted.to_ms, wanted.from_ms, ROWS_MAX),
    )
    return [DeviceSpan(*row) for row in rows]


def _alerts(
    connection: apsw.Connection, device_id: str, wanted: DevicePeriod
) -> list[DeviceFinding]:
    conditions = Conditions()
    conditions.where("device_id = ?", device_id)
    conditions.where("opened_ms < ?", wanted.to_ms)
    conditions.where("(resolved_ms IS NULL OR resolved_ms > ?)", wanted.from_ms)
    conditions.where(of_site("site"), wanted.subtree)
    rows = connection.execute(
        "SELECT id, cause, severity, text, opened_ms, resolved_ms, count FROM alert"
        f" WHERE {conditions.clause} ORDER BY id DESC LIMIT ?",
        (*conditions.values, ROWS_MAX),
    )
    return [DeviceFinding(*row) for row in rows]


def _days(
    connection: apsw.Connection, device_id: str, wanted: DevicePeriod
) -> list[DeviceDay]:
    """Days that are over, and the current one, of which other tables know more."""
    first, last = (bound // _DAY_MS + _EPOCH_DAY for bound in wanted[:2])
    rows = connection.execute(
        "SELECT day, accepted, other, duplicate, pressed, exact FROM device_day"
        f" WHERE device_no = {_NUMBER} AND day BETWEEN ? AND ?"
        " ORDER BY day DESC LIMIT ?",
        (device_id, first - 1, last + 1, ROWS_MAX),
    )
    days = {row[0]: _day(row) for row in rows}
    for number, accepted, pressing in connection.execute(_CURRENT, (device_id,)):
        if number and first - 1 <= number <= last + 1:
            now = days.get(number) or _day((number, 0, 0, 0, None, True))
            days[number] = _pressed(number, now, accepted, pressing)
    return [days[number] for number in sorted(days, reverse=True)]


def _day(row: Columns) -> DeviceDay:
    number, accepted, other, duplicate, pressed, exact = row
    day = date.fromordinal(number).isoformat()
    return DeviceDay(day, accepted, other, duplicate, pressed, bool(exact))


def _pressed(
    number: int, now: DeviceDay, accepted: int, pressing: str | None
) -> DeviceDay:
    """The current day, with what is counted of it so far."""
    now = now._replace(accepted=now.accepted + accepted)
    told = None if pressing is None else _PRESSING.decode(pressing)
    if told is None or told.day != number:
        return now
    return now._replace(pressed=told.pressed, exact=told.exact)


def usual(
    connection: apsw.Connection, device_id: str, at_ms: Sequence[int]
) -> list[float | None]:
    """How many ratings are usual in the hours of these moments; None: not learnt."""
    row = connection.execute(
        f"SELECT findings FROM device_health WHERE no = {_NUMBER}", (device_id,)
    ).fetchone()
    if row is None or row[0] is None:
        return [None] * len(at_ms)
    found = _FINDINGS.decode(row[0])
    return [usual_ratings(found, one) for one in at_ms]


def heard_ms(connection: apsw.Connection, device_id: str) -> int | None:
    """When the last message of a device came that was taken, or lies in quarantine."""
    row = connection.execute(
        f"SELECT last_seen_ms FROM device_activity WHERE no = {_NUMBER}", (device_id,)
    ).fetchone()
    refused = connection.execute(
        "SELECT max(last_ms) FROM quarantine WHERE device_id = ?", (device_id,)
    ).fetchone()
    known = [cells[0] for cells in (row, refused) if cells and cells[0] is not None]
    return max(known, default=None)


def counted_within(
    connection: apsw.Connection, places: Sequence[int], subtree: str
) -> frozenset[int]:
    """Of messages at these places, those of which a rating counts at such a site."""
    found = set()
    for place in places:
        row = connection.execute(
            "SELECT 1 FROM rating AS r JOIN binding AS b ON b.no = r.binding"
            f" WHERE r.place >= ? AND r.place < ? AND {of_site('b.site')} LIMIT 1",
            (place, place + ELEMENTS_MAX, subtree),
        ).fetchone()
        if row is not None:
            found.add(place)
    return frozenset(found)
