"""Inspections as readers see them: open periods with sheets, records, plans."""

from typing import Any, Final

import apsw
import msgspec

from fleet.inspections.news import View
from fleet.inspections.plans import Plan
from fleet.inspections.records import Record
from fleet.inspections.sheets import Facts, sheet
from fleet.press_test import PressTest
from fleet.vitals import Vitals
from gateway.ledger.queries.organisation import of_site
from gateway.queries.asking import Page, Slice
from gateway.queries.inspections import (
    InspectionFilter,
    InspectionRow,
    PressTestRow,
    RecordRow,
    SiteWork,
)
from gateway.reading.paging import Columns, Conditions, Listing, cut, page

_PLAN: Final = msgspec.json.Decoder(Plan)
_RECORD: Final = msgspec.json.Decoder(Record)
_VIEW: Final = msgspec.json.Decoder(View)
_VITALS: Final = msgspec.json.Decoder(Vitals)
_TEST: Final = msgspec.json.Decoder(PressTest)
_CHECKS: Final = msgspec.json.Decoder(dict[str, Any])

_SELECT: Final = """
SELECT i.no, d.device_id, d.site, d.window, i.type, i.plan, i.presses, i.view,
    h.vitals, d.presence ->> '$.firmware', a.last_rating_ms, a.missing_count,
    (SELECT value FROM state WHERE name = 'now_ms'),
    (SELECT max(r.finished_ms) FROM inspection_record AS r
        WHERE r.device_no = i.device_no AND r.data ->> '$.type' = i.type),
    t.at_ms, t.data,
    (SELECT p.data FROM press_test AS p WHERE p.device_no = d.no
        ORDER BY p.started_ms DESC, p.test_id DESC LIMIT 1)
FROM inspection AS i
JOIN device AS d ON d.no = i.device_no
LEFT JOIN device_health AS h ON h.no = d.no
LEFT JOIN device_activity AS a ON a.no = d.no
LEFT JOIN device_report AS t ON t.device_no = d.no AND t.kind = 'selftest'
    AND t.place = (SELECT max(place) FROM device_report
        WHERE device_no = d.no AND kind = 'selftest')
"""
_SITES_MAX: Final = 1_000
_BY_SITE: Final = """
SELECT d.site, sum(i.state = 'overdue'), sum(i.state = 'due'),
    sum(i.state = 'due_soon'), sum(i.state = 'not_due'), min(i.next_due_ms)
FROM inspection AS i JOIN device AS d ON d.no = i.device_no
WHERE d.site IS NOT NULL AND {clause}
GROUP BY d.site ORDER BY 2 DESC, 3 DESC, 4 DESC, 1 LIMIT ?
"""
_SELECT_RECORD: Final = """
SELECT r.place, d.site, r.data FROM inspection_record AS r
JOIN device AS d ON d.no = r.device_no
"""
_PLAN_SITE: Final = """
iif(data ->> '$.scope' = 'site', data ->> '$.subject',
    (SELECT d.site FROM device AS d WHERE d.device_id = data ->> '$.subject'))
"""
PLANNED_AT: Final = f"(data ->> '$.scope' = 'profile' OR {of_site(_PLAN_SITE)})"


def _build(row: Columns) -> InspectionRow:
    plan, seen = _PLAN.decode(row[5]), _VIEW.decode(row[7])
    filled = sheet(row[1], plan.checklist, _facts(row), row[12] or 0)
    return InspectionRow(
        inspection_id=seen.inspection_id,
        device_id=row[1],
        site=row[2],
        window=row[3],
        type=row[4],
        plan_id=seen.plan_id,
        state=seen.state,
        next_due_ms=seen.next_due_ms,
        overdue_ms=seen.overdue_ms,
        presses_due=seen.presses_due,
        presses=row[6],
        estimated=seen.estimated,
        last_done_ms=row[13],
        checklist=filled.lines,
        known=filled.known,
    )


def _facts(row: Columns) -> Facts:
    vitals = _VITALS.decode(row[8]) if row[8] else Vitals()
    checks = _CHECKS.decode(row[15]).get("items", []) if row[15] else []
    test = _TEST.decode(row[16]) if row[16] else None
    passed = test if test is not None and not test.missing else None
    return Facts(
        heard_ms=vitals.received_ms or None,
        battery_pct=vitals.battery_pct,
        power=vitals.power,
        rssi_dbm=vitals.rssi_dbm,
        clock_offset_ms=vitals.clock_offset_ms,
        clock_synced=vitals.clock_synced,
        firmware=vitals.firmware or row[9],
        last_press_ms=row[10],
        missing=row[11],
        faults=vitals.faults,
        keys_tested_ms=None if passed is None else passed.started_ms,
        selftest_ms=row[14],
        selftest={check["code"]: check["result"] for check in checks},
    )


def _build_record(row: Columns) -> RecordRow:
    record = _RECORD.decode(row[2])
    return RecordRow(
        record_id=record.record_id,
        device_id=record.device_id,
        site=row[1],
        type=record.type,
        plan_id=record.plan_id,
        started_ms=record.started_ms,
        finished_ms=record.finished_ms,
        operator=record.operator,
        checklist=dict(record.checklist),
        parts=record.parts,
        result=record.result,
        notes=record.notes,
    )


_INSPECTIONS: Final = Listing(_SELECT, "inspection AS i", "i.no", _build)
_RECORDS: Final = Listing(
    _SELECT_RECORD, "inspection_record AS r", "r.place", _build_record
)


def listed(
    connection: apsw.Connection, wanted: InspectionFilter, part: Slice
) -> Page[InspectionRow]:
    """Open periods; those of devices that came under a plan last come first."""
    conditions = _of_device(wanted)
    conditions.where("i.state = ?", wanted.state)
    conditions.where("i.type = ?", wanted.type)
    return page(connection, _INSPECTIONS, conditions, part)


def by_site(connection: apsw.Connection, subtree: str | None) -> list[SiteWork]:
    """Sites with open periods, those with the most that is overdue first."""
    conditions = Conditions()
    conditions.where(of_site("d.site"), subtree)
    sql = _BY_SITE.format(clause=conditions.clause)
    rows = connection.execute(sql, (*conditions.values, _SITES_MAX))
    return [SiteWork(*row) for row in rows]


def records(
    connection: apsw.Connection, wanted: InspectionFilter, part: Slice
) -> Page[RecordRow]:
    """Records, the one that was entered last first; `state` asks for nothing."""
    conditions = _of_device(wanted)
    conditions.where("r.data ->> '$.type' = ?", wanted.type)
    return page(connection, _RECORDS, conditions, part)


def plans(connection: apsw.Connection, part: Slice, subtree: str | None) -> Page[Plan]:
    """The plans that people wrote, by their ids; a profile's concern every site."""
    conditions = Conditions()
    conditions.where("plan_id > ?", part.cursor)
    conditions.where(PLANNED_AT, subtree)
    rows = connection.execute(
        f"SELECT plan_id, data FROM inspection_plan WHERE {conditions.clause}"
        " ORDER BY plan_id LIMIT ?",
        (*conditions.values, part.limit + 1),
    )
    return cut(rows, part, lambda row: _PLAN.decode(row[1]))


def plan(connection: apsw.Connection, plan_id: str) -> Plan | None:
    for (data,) in connection.execute(
        "SELECT data FROM inspection_plan WHERE plan_id = ?", (plan_id,)
    ):
        return _PLAN.decode(data)
    return None


def press_test(connection: apsw.Connection, device_id: str) -> PressTestRow | None:
    """The last press test of a device."""
    for data, now_ms in connection.execute(
        "SELECT t.data, (SELECT value FROM state WHERE name = 'now_ms')"
        " FROM press_test AS t JOIN device AS d ON d.no = t.device_no"
        " WHERE d.device_id = ? ORDER BY t.started_ms DESC, t.test_id DESC LIMIT 1",
        (device_id,),
    ):
        test = _TEST.decode(data)
        return PressTestRow(
            test_id=test.test_id,
            device_id=device_id,
            state=test.state(now_ms),
            started_ms=test.started_ms,
            until_ms=test.until_ms,
            keys=test.keys,
        )
    return None


def _of_device(wanted: InspectionFilter) -> Conditions:
    conditions = Conditions()
    conditions.where("d.site = ?", wanted.site)
    conditions.where("d.device_id = ?", wanted.device)
    conditions.where(of_site("d.site"), wanted.subtree)
    return conditions
