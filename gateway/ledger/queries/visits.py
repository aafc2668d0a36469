"""What calls for a visit, by site; draws of spot checks."""

from collections.abc import Iterator
from typing import Final

import apsw
import msgspec

from fleet.findings import Findings
from fleet.inspections.news import View
from fleet.needs import DAY_MS, Condition, needs_of
from fleet.planner import Need, plan_visits
from gateway.ledger.queries.organisation import of_site
from gateway.queries.asking import Page, Slice
from gateway.queries.visits import SpotCheckRow, VisitFilter, Visits
from gateway.reading.paging import Columns, Conditions, Listing, page

HORIZON_DAYS: Final = 14
_FINDINGS: Final = msgspec.json.Decoder(Findings)
_VIEW: Final = msgspec.json.Decoder(View)
_DRAW: Final = msgspec.json.Decoder(SpotCheckRow)

_ILL: Final = """
SELECT d.device_id, coalesce(d.site, ''), h.health, h.findings,
    iif(p.state = 'offline', p.since_ms, NULL)
FROM device AS d LEFT JOIN device_health AS h ON h.no = d.no
LEFT JOIN device_presence AS p ON p.no = d.no
WHERE (h.health <> 'ok' OR p.state = 'offline') AND {clause}
"""
_DUE: Final = """
SELECT d.device_id, coalesce(d.site, ''), i.type, i.view FROM inspection AS i
JOIN device AS d ON d.no = i.device_no WHERE i.next_due_ms IS NOT NULL AND {clause}
"""
_DRAWN: Final = """
SELECT d.device_id, coalesce(d.site, ''), s.draw_id, s.due_ms, s.at_ms
FROM spot_check AS s, json_each(s.data, '$.devices') AS e
JOIN device AS d ON d.device_id = e.value
WHERE s.due_ms > ?1 AND NOT EXISTS (SELECT 1 FROM inspection_record AS r
    WHERE r.device_no = d.no AND r.finished_ms >= s.at_ms) AND {clause}
"""
_SPOT_CHECKS_LATE_MS: Final = 30 * DAY_MS
"""A check that nobody made for so long after its day is given up."""


def planned(connection: apsw.Connection, wanted: VisitFilter) -> Visits:
    """One visit for each site that needs one, the soonest first."""
    (now_ms,) = connection.execute(
        "SELECT coalesce((SELECT value FROM state WHERE name = 'now_ms'), 0)"
    ).fetchone() or (0,)
    until_ms = wanted.until_ms or now_ms + HORIZON_DAYS * DAY_MS
    needs = [*_ill(connection, wanted, now_ms), *_due(connection, wanted)]
    needs += _drawn(connection, wanted, now_ms)
    return Visits(plan_visits(needs, now_ms, until_ms), now_ms, until_ms)


def _conditions(wanted: VisitFilter) -> Conditions:
    conditions = Conditions()
    conditions.where("d.lifecycle = ?", "active")
    conditions.where(of_site("d.site"), wanted.site)
    conditions.where(of_site("d.site"), wanted.subtree)
    return conditions


def _ill(
    connection: apsw.Connection, wanted: VisitFilter, now_ms: int
) -> Iterator[Need]:
    conditions = _conditions(wanted)
    rows = connection.execute(_ILL.format(clause=conditions.clause), conditions.values)
    for device_id, site, health, findings, away_ms in rows:
        found = _FINDINGS.decode(findings) if findings else Findings()
        reasons = tuple((one.code, one.since_ms, one.text) for one in found.reasons)
        left = found.days_left
        one = Condition(device_id, site, health or "ok", reasons, left, away_ms)
        yield from needs_of(one, now_ms)


def _due(connection: apsw.Connection, wanted: VisitFilter) -> Iterator[Need]:
    """Routine work: from the day on which it is due, at the latest when overdue."""
    conditions = _conditions(wanted)
    rows = connection.execute(_DUE.format(clause=conditions.clause), conditions.values)
    for device_id, site, work, view in rows:
        seen = _VIEW.decode(view)
        if seen.next_due_ms is None or seen.overdue_ms is None:
            continue
        reminded = seen.state != "not_due"
        yield Need(
            device_id=device_id,
            site=site,
            why="inspection",
            cause=seen.plan_id,
            by_ms=seen.overdue_ms,
            from_ms=None if reminded else seen.next_due_ms - DAY_MS,
            text=f"{work} {seen.state.replace('_', ' ')}",
        )


def _drawn(
    connection: apsw.Connection, wanted: VisitFilter, now_ms: int
) -> Iterator[Need]:
    """Spot checks without any record since the draw."""
    conditions = _conditions(wanted)
    rows = connection.execute(
        _DRAWN.format(clause=conditions.clause),
        (now_ms - _SPOT_CHECKS_LATE_MS, *conditions.values),
    )
    for device_id, site, draw_id, due_ms, at_ms in rows:
        yield Need(
            device_id=device_id,
            site=site,
            why="spot_check",
            cause=draw_id,
            by_ms=due_ms,
            from_ms=at_ms,
            text=f"drawn as {draw_id}",
        )


def _build(row: Columns) -> SpotCheckRow:
    return _DRAW.decode(row[1])


_DRAWS: Final = Listing(
    "SELECT place, data FROM spot_check", "spot_check", "place", _build
)


def draws(connection: apsw.Connection, part: Slice) -> Page[SpotCheckRow]:
    """Draws, the newest first."""
    return page(connection, _DRAWS, Conditions(), part)
