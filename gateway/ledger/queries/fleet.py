"""Terminals and alerts as readers see them."""

from typing import Final

import apsw
import msgspec

from fleet.presence import Known
from gateway.queries.asking import AlertFilter, DeviceFilter, Page, Slice
from gateway.queries.rows import AlertRow, DeviceRow
from gateway.reading.paging import Columns, Conditions, Listing, page

_KNOWN: Final = msgspec.json.Decoder(Known)
_AT_REST: Final = frozenset({"maintenance", "retired"})
"""Lifecycles that say more of a device than its connection does."""

_SELECT: Final = """
SELECT d.no, d.device_id, d.lifecycle, d.presence, d.site, d.window, d.model,
    d.profile, a.last_seen_ms, a.last_rating_ms, a.missing_count
FROM device AS d
LEFT JOIN device_activity AS a ON a.no = d.no
"""
_PRESENCE: Final = """
iif(d.lifecycle IN ('maintenance', 'retired'), d.lifecycle,
    coalesce(d.presence ->> '$.state', 'unseen')) = ?
"""
_SELECT_ALERT: Final = """
SELECT id, cause, severity, device_id, site, opened_ms, state, text, count FROM alert
"""


def _build(row: Columns) -> DeviceRow:
    lifecycle = row[2]
    known = _KNOWN.decode(row[3]) if row[3] else Known()
    return DeviceRow(
        device_id=row[1],
        lifecycle=lifecycle,
        presence=lifecycle if lifecycle in _AT_REST else known.state,
        site=row[4],
        window=row[5],
        model=row[6] or known.model,
        profile=row[7],
        firmware=known.firmware,
        last_seen_ms=row[8],
        last_rating_ms=row[9],
        missing=row[10] or 0,
    )


def devices(
    connection: apsw.Connection, wanted: DeviceFilter, part: Slice
) -> Page[DeviceRow]:
    """Devices, the latest known first."""
    conditions = Conditions()
    conditions.where("d.site = ?", wanted.site)
    conditions.where("d.lifecycle = ?", wanted.lifecycle)
    conditions.where(_PRESENCE, wanted.presence)
    return page(connection, _DEVICES, conditions, part)


def device(connection: apsw.Connection, device_id: str) -> DeviceRow | None:
    for row in connection.execute(f"{_SELECT} WHERE d.device_id = ?", (device_id,)):
        return _build(row)
    return None


def alerts(
    connection: apsw.Connection, wanted: AlertFilter, part: Slice
) -> Page[AlertRow]:
    """Alerts, the latest opened first."""
    conditions = Conditions()
    conditions.where("state = ?", wanted.state)
    conditions.where("cause = ?", wanted.cause)
    conditions.where("device_id = ?", wanted.device)
    conditions.where("site = ?", wanted.site)
    return page(connection, _ALERTS, conditions, part)


def _alert(row: Columns) -> AlertRow:
    number, cause, severity, device_id, site, opened_ms, state, text, count = row
    return AlertRow(
        id=number,
        cause=cause,
        severity=severity,
        device_id=device_id,
        site=site,
        opened_ms=opened_ms,
        state=state,
        text=text,
        count=count,
    )


_DEVICES: Final = Listing(_SELECT, "d.no", _build)
_ALERTS: Final = Listing(_SELECT_ALERT, "id", _alert)
