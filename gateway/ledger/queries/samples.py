"""Samples for inspection as readers see them."""

from typing import Final

import apsw

from gateway.ledger.queries import ratings
from gateway.ledger.queries.names import SESSION_KEY
from gateway.ledger.queries.organisation import (
    binding_numbers,
    device_numbers,
    of_site,
)
from gateway.queries.asking import Page, Slice
from gateway.queries.counts import CountFilter
from gateway.queries.samples import Candidates, FoundRow, SampleDetail, SampleRow
from gateway.reading.paging import Columns, Conditions, Listing, page

_FOUND: Final = """(SELECT count(*) FROM sample_finding AS f
    WHERE f.sample_id = s.sample_id AND f.verdict = '{}')"""
_COUNTS: Final = ", ".join(map(_FOUND.format, ("matches", "differs", "exempt")))
_SELECT: Final = f"""
SELECT s.place, s.sample_id, s.author, s.at_ms, s.data, {_COUNTS} FROM sample AS s
"""
_FOUND_FIELDS: Final = FoundRow.__struct_fields__
_IN_EFFECT: Final = """
r.effective AND r.mode = 'live' AND r.origin IN ('customer', 'staff_proxy')
"""
_RATED_ALONE: Final = f"""
SELECT d.device_id || ':' || r.event_id FROM rating AS r
JOIN device AS d ON d.no = r.device_no LEFT JOIN session AS x ON x.no = r.session_no
WHERE {_IN_EFFECT} AND x.look IS NULL
"""
"""Ratings that count by themselves, when they were pressed; others by their session."""
_COUNTED_MS: Final = "x.look ->> '$[6]'"  # as its index has it
_RATED: Final = f"""
SELECT d.device_id || ':' || r.event_id FROM session AS x
JOIN rating AS r ON r.place = x.effective_place
JOIN device AS d ON d.no = r.device_no JOIN binding AS b ON b.no = r.binding
WHERE x.look IS NOT NULL AND {_IN_EFFECT}
    AND (r.origin = 'customer' OR x.ended_ms IS NULL OR NOT x.eligible)
"""
_UNRATED: Final = f"""
SELECT {SESSION_KEY} FROM session AS x LEFT JOIN device AS d ON d.no = x.device_no
LEFT JOIN rating AS r ON r.place = x.effective_place
WHERE x.look IS NOT NULL AND x.eligible AND x.ended_ms IS NOT NULL
    AND coalesce(r.origin, '') <> 'customer'
"""


def _build(row: Columns) -> SampleRow:
    return SampleRow(**dict(zip(SampleRow.__struct_fields__, row[1:], strict=True)))


_SAMPLES: Final = Listing(_SELECT, "sample AS s", "s.place", _build)


def candidates(connection: apsw.Connection, wanted: CountFilter) -> Candidates:
    """Who may be drawn; half-open on the moment that each counts on."""
    rated, unrated = Conditions(), Conditions()
    for name in ("site", "department", "window"):
        value = getattr(wanted, name)
        # A session counts where it ended, else where its rating was pressed.
        rated.where(f"coalesce(x.{name}, b.{name}) = ?", value)
        unrated.where(f"x.{name} = ?", value)
    rated.where("coalesce(x.employee_id, r.employee_id) = ?", wanted.employee)
    unrated.where("x.employee_id = ?", wanted.employee)
    rated.where(of_site("coalesce(nullif(x.site, ''), b.site)"), wanted.subtree)
    unrated.where(of_site("x.site"), wanted.subtree)
    for conditions in (rated, unrated):
        conditions.where("d.device_id = ?", wanted.device)
        conditions.where("x.service_code = ?", wanted.service)
        conditions.where(f"{_COUNTED_MS} >= ?", wanted.from_ms)
        conditions.where(f"{_COUNTED_MS} < ?", wanted.to_ms)
    alone = _names(connection, _RATED_ALONE, _by_themselves(connection, wanted))
    return Candidates(
        [*alone, *_names(connection, _RATED, rated)],
        _names(connection, _UNRATED, unrated),
    )


def _by_themselves(connection: apsw.Connection, wanted: CountFilter) -> Conditions:
    """Which ratings without a session, or as all of it: they lie where they came."""
    places = binding_numbers(
        connection, wanted.site, wanted.department, wanted.subtree, wanted.window
    )
    conditions = Conditions()
    first, last = ratings.pressed(connection, wanted.from_ms, wanted.to_ms)
    conditions.where("r.place >= ?", first)
    conditions.where("r.place <= ?", last)
    conditions.where("r.occurred_ms >= ?", wanted.from_ms)
    conditions.where("r.occurred_ms < ?", wanted.to_ms)
    conditions.among("r.device_no", device_numbers(connection, wanted.device))
    conditions.among("r.binding", places)
    conditions.where("r.employee_id = ?", wanted.employee)
    conditions.where("x.service_code = ?", wanted.service)
    return conditions


def _names(
    connection: apsw.Connection, select: str, conditions: Conditions
) -> list[str]:
    rows = connection.execute(f"{select} AND {conditions.clause}", conditions.values)
    return [name for (name,) in rows]


def listed(connection: apsw.Connection, part: Slice) -> Page[SampleRow]:
    return page(connection, _SAMPLES, Conditions(), part)


def detail(connection: apsw.Connection, sample_id: str) -> SampleDetail | None:
    for row in connection.execute(f"{_SELECT} WHERE s.sample_id = ?", (sample_id,)):
        found = connection.execute(
            f"SELECT {', '.join(_FOUND_FIELDS)} FROM sample_finding"
            " WHERE sample_id = ? ORDER BY member",
            (sample_id,),
        )
        findings = [
            FoundRow(**dict(zip(_FOUND_FIELDS, one, strict=True))) for one in found
        ]
        return SampleDetail(_build(row), findings)
    return None
