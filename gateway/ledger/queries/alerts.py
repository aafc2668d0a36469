"""Alerts as readers see them, their history, and maintenance windows."""

from typing import Final

import apsw
import msgspec

from fleet.alerts import advice_for
from gateway.ledger.queries.evidence import figures_of_alert
from gateway.ledger.queries.organisation import of_site
from gateway.ledger.schema import TIMER_OF
from gateway.queries.asking import AlertFilter, Page, Slice, WindowFilter
from gateway.queries.rows import AlertChange, AlertDetail, AlertRow, WindowRow
from gateway.reading.paging import Columns, Conditions, Listing, page

_SNOOZE: Final = f"""
(SELECT max(due_ms) FROM timer
    WHERE kind = 'snooze' AND subject = CAST(a.id AS TEXT) AND {TIMER_OF})
"""
_SELECT: Final = f"""
SELECT a.id, a.cause, a.severity, a.device_id, a.site, a.opened_ms, a.state, a.text,
    a.count, iif(a.state = 'snoozed', {_SNOOZE}, NULL), a.devices, a.last_ms,
    a.resolved_ms, a.confirmed_by, a.muted_ms, a.subject, h.vitals, h.findings
FROM alert AS a
LEFT JOIN device AS d ON d.device_id = a.device_id AND a.resolved_ms IS NULL
LEFT JOIN device_health AS h ON h.no = d.no
"""
_WINDOWS: Final = """
SELECT w.id, w.device_id, w.site, w.from_ms, w.until_ms, w.reason, w.author
FROM maintenance_window AS w LEFT JOIN device AS d ON d.device_id = w.device_id
"""


def alerts(
    connection: apsw.Connection, wanted: AlertFilter, part: Slice
) -> Page[AlertRow]:
    """Alerts, the latest opened first."""
    conditions = Conditions()
    conditions.where("a.state = ?", wanted.state)
    conditions.where("a.severity = ?", wanted.severity)
    conditions.where("a.cause = ?", wanted.cause)
    conditions.where("a.device_id = ?", wanted.device)
    conditions.where("a.site = ?", wanted.site)
    conditions.where("a.opened_ms >= ?", wanted.from_ms)
    conditions.where("a.opened_ms < ?", wanted.to_ms)
    conditions.where(of_site("a.site"), wanted.subtree)
    return page(connection, _ALERTS, conditions, part)


def alert(connection: apsw.Connection, number: int) -> AlertRow | None:
    for row in connection.execute(f"{_SELECT} WHERE a.id = ?", (number,)):
        return _alert(row)
    return None


def detail(connection: apsw.Connection, number: int) -> AlertDetail | None:
    """An alert with what happened to it, the oldest first."""
    row = alert(connection, number)
    if row is None:
        return None
    changes = connection.execute(
        "SELECT at_ms, what, author, text FROM alert_change WHERE alert_id = ?"
        " ORDER BY no",
        (number,),
    )
    history = tuple(
        AlertChange(at_ms=at_ms, what=what, by=author, text=text)
        for at_ms, what, author, text in changes
    )
    return AlertDetail(**msgspec.structs.asdict(row), history=history)


def windows(
    connection: apsw.Connection, wanted: WindowFilter, part: Slice
) -> Page[WindowRow]:
    """Maintenance windows, the latest first; `at_ms`: those that are not over then."""
    conditions = Conditions()
    conditions.where("w.until_ms > ?", wanted.at_ms)
    conditions.where("w.device_id = ?", wanted.device)
    conditions.where(of_site("coalesce(w.site, d.site)"), wanted.subtree)
    return page(
        connection,
        Listing(_WINDOWS, "maintenance_window AS w", "w.id", _window),
        conditions,
        part,
    )


def window(connection: apsw.Connection, number: int) -> WindowRow | None:
    for row in connection.execute(f"{_WINDOWS} WHERE w.id = ?", (number,)):
        return _window(row)
    return None


def _window(row: Columns) -> WindowRow:
    return WindowRow(**dict(zip(WindowRow.__struct_fields__, row, strict=True)))


def _alert(row: Columns) -> AlertRow:
    number, cause, severity, device_id, site, opened_ms, state, text, count = row[:9]
    devices = tuple(msgspec.json.decode(row[10])) if row[10] else ()
    subject, vitals, findings = row[15:]
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
        snoozed_until_ms=row[9],
        devices=devices,
        last_ms=row[11],
        resolved_ms=row[12],
        confirmed_by=row[13],
        muted_until_ms=row[14],
        advice=advice_for(cause),
        subject=subject,
        figures=figures_of_alert(cause, subject, devices, vitals, findings),
    )


_ALERTS: Final = Listing(_SELECT, "alert AS a", "a.id", _alert)
