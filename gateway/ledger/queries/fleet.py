"""Terminals as readers see them."""

from typing import Final

import apsw
import msgspec

from fleet.canary import PREFIX
from fleet.evidence import figures_of
from fleet.presence import Known
from fleet.vitals import Vitals
from gateway.ledger.queries.evidence import FINDINGS, VITALS
from gateway.ledger.queries.organisation import of_site
from gateway.queries.asking import DeviceFilter, Page, Slice
from gateway.queries.rows import (
    DeviceRow,
    HealthReason,
    PresenceChange,
    RegisteredDevice,
)
from gateway.reading.paging import Columns, Conditions, Listing, page

_KNOWN: Final = msgspec.json.Decoder(Known)

_PRESENCE: Final = """
iif(d.lifecycle IN ('maintenance', 'retired'), d.lifecycle,
    coalesce(p.state, 'unseen'))
"""
"""These two lifecycles say more of a device than its connection does; a retained
birth, and whatever a device said before it was approved, proves no life."""
_SELECT: Final = f"""
SELECT d.no, d.device_id, d.lifecycle, d.presence, d.site, d.window, d.model,
    d.profile, a.last_seen_ms, a.last_rating_ms, a.missing_count,
    d.hw_serial, d.labels, d.installed_at, h.vitals, {_PRESENCE}, p.flapping,
    h.health, h.findings,
    (SELECT min(i.next_due_ms) FROM inspection AS i WHERE i.device_no = d.no),
    p.since_ms
FROM device AS d
LEFT JOIN device_activity AS a ON a.no = d.no
LEFT JOIN device_health AS h ON h.no = d.no
LEFT JOIN device_presence AS p ON p.no = d.no
"""


def _build(row: Columns) -> DeviceRow:
    known = _KNOWN.decode(row[3]) if row[3] else Known()
    vitals = VITALS.decode(row[14]) if row[14] else Vitals()
    battery = vitals.battery_pct
    return DeviceRow(
        device_id=row[1],
        lifecycle=row[2],
        presence=row[15],
        flapping=bool(row[16]),
        health=row[17] or "ok",
        reasons=_reasons(row[18], vitals),
        site=row[4],
        window=row[5],
        model=row[6] or known.model,
        profile=row[7],
        firmware=known.firmware,
        last_seen_ms=row[8],
        last_rating_ms=row[9],
        missing=row[10] or 0,
        battery_pct=None if battery is None else round(battery),
        key_counts=vitals.key_counts,
        hw_serial=row[11],
        labels=row[12],
        installed_at=row[13],
        next_inspection_ms=row[19],
        presence_since_ms=row[20],
        rssi_dbm=vitals.rssi_dbm,
        power=vitals.power,
        uptime_s=vitals.uptime_s,
        buffer_depth=vitals.buffer_depth,
        temperature_c=vitals.temperature_c,
        clock_offset_ms=vitals.clock_offset_ms,
    )


def _reasons(findings: str | None, vitals: Vitals) -> tuple[HealthReason, ...]:
    if findings is None:
        return ()
    found = FINDINGS.decode(findings)
    return tuple(
        HealthReason(
            reason.code,
            reason.since_ms,
            reason.text,
            figures_of(reason.code, vitals, found),
        )
        for reason in found.reasons
    )


def devices(
    connection: apsw.Connection, wanted: DeviceFilter, part: Slice
) -> Page[DeviceRow]:
    """Devices, the latest known first."""
    conditions = Conditions()
    conditions.where("d.site = ?", wanted.site)
    conditions.where(of_site("d.site"), wanted.subtree)
    conditions.where("d.lifecycle = ?", wanted.lifecycle)
    conditions.where(f"{_PRESENCE} = ?", wanted.presence)
    conditions.where("d.device_id NOT GLOB ?", f"{PREFIX}*")
    return page(connection, _DEVICES, conditions, part)


def device(connection: apsw.Connection, device_id: str) -> DeviceRow | None:
    for row in connection.execute(f"{_SELECT} WHERE d.device_id = ?", (device_id,)):
        return _build(row)
    return None


def registered(
    connection: apsw.Connection, subtree: str | None
) -> list[RegisteredDevice]:
    conditions = Conditions()
    conditions.where(of_site("site"), subtree)
    conditions.where("device_id NOT GLOB ?", f"{PREFIX}*")
    columns = RegisteredDevice.__struct_fields__
    rows = connection.execute(
        f"SELECT {', '.join(columns)} FROM device WHERE {conditions.clause}"
        " AND device_id NOT GLOB 'http-*' ORDER BY device_id",
        conditions.values,
    )
    return [RegisteredDevice(**dict(zip(columns, row, strict=True))) for row in rows]


def presences(
    connection: apsw.Connection, since_ms: int, limit: int
) -> list[PresenceChange]:
    rows = connection.execute(
        f"SELECT d.device_id, d.site, {_PRESENCE},"
        " coalesce(p.since_ms, d.presence ->> '$.received_ms') AS at_ms"
        " FROM device AS d LEFT JOIN device_presence AS p ON p.no = d.no"
        " WHERE at_ms >= ? ORDER BY at_ms, d.no LIMIT ?",
        (since_ms, limit),
    )
    return [
        PresenceChange(device_id=device_id, site=site, presence=presence, at_ms=at_ms)
        for device_id, site, presence, at_ms in rows
    ]


_DEVICES: Final = Listing(_SELECT, "device AS d", "d.no", _build)
