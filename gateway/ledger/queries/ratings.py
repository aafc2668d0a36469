"""Ratings as readers see them: with their binding, session and standing."""

import json
from collections.abc import Iterable, Sequence
from typing import Final

import apsw
import msgspec

from gateway.events.points import point_ns, point_tags
from gateway.ledger.queries.names import SESSION_KEY
from gateway.ledger.queries.organisation import (
    binding_numbers,
    device_numbers,
    of_site,
)
from gateway.ledger.ratings import default_place
from gateway.ledger.schema_arrivals import LATE, SLICE_MS
from gateway.places import Place
from gateway.queries.asking import Page, RatingFilter, Slice
from gateway.queries.rows import PointRow, RatingRow, VoidRow
from gateway.ratings.facts import Dispute
from gateway.ratings.flags import Evidence
from gateway.reading.paging import EVERYWHERE, Columns, Conditions, Listing, Span, page

_SELECT: Final = f"""  -- in the order of the fields of RatingRow
SELECT r.place, r.ordinal, r.event_id, d.device_id, s.site, s.department, s.window,
    r.employee_id,
    iif(substr(x.session_id, 1, 1) = '@', NULL,
        coalesce(x.session_id, r.details ->> '$.session_id')),
    {SESSION_KEY},
    coalesce(nullif(x.stage, 0), r.details ->> '$.stage'), r.level, r.level_raw,
    r.occurred_ms, r.claimed_ms, r.received_ms, r.time_quality, r.origin, r.mode,
    r.round, r.version, r.effective, r.flags, r.amends, r.void
FROM rating AS r
JOIN device AS d ON d.no = r.device_no
JOIN binding AS s ON s.no = r.binding
LEFT JOIN session AS x ON x.no = r.session_no
"""
_OF_SESSION: Final = """
r.place IN (SELECT m.value FROM session AS o,
                json_each(json_insert(o.ratings, '$[#]', o.default_place)) AS m
            WHERE o.session_id = ?)
"""
_TOLD_BY_THE_ROW: Final = {
    "seq_reused": "seq",
    "time_uncertain": "received_ms",
    "derived_id": "event_id",
    "orphan": "received_ms",
    "out_of_session": "occurred_ms",
}
"""Flags that need no note: the column of the row that says why."""
_FLAGGED: Final = """
r.flags IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(r.flags) WHERE value = ?)
"""


def _build(row: Columns) -> RatingRow:
    values = dict(zip(RatingRow.__struct_fields__, row, strict=True))
    raw, flags, void = values["level_raw"], values["flags"], values["void"]
    values["level_raw"] = None if raw is None else json.loads(raw)
    values["effective"] = bool(values["effective"])
    values["flags"] = tuple(json.loads(flags)) if flags else ()
    values["void"] = msgspec.json.decode(void, type=VoidRow) if void else None
    return RatingRow(**values)


_RATINGS: Final = Listing(_SELECT, "rating AS r", "r.place", _build)
_ARRIVED: Final = """
SELECT coalesce(min(first_place), 0), coalesce(max(last_place), -1) FROM arrival
WHERE slice BETWEEN ? AND ?
"""
_LATE: Final = f"""
SELECT count(*), min(place), max(place) FROM (
    SELECT r.place AS place FROM rating AS r INDEXED BY rating_late
    WHERE r.occurred_ms >= ? AND r.occurred_ms < ? AND r.place >= 0 AND {LATE} LIMIT ?
)
"""
LATE_MAX: Final = 100_000
"""So many that came late are looked at, some 15 ms; of more, all ratings are."""

_RECORDED: Final = (0, (1 << 63) - 1)
_DEFAULTS: Final = (-(1 << 63), -1)
_MS_MAX: Final = 1 << 53


def listed(
    connection: apsw.Connection, wanted: RatingFilter, part: Slice
) -> Page[RatingRow]:
    """Ratings in the order of the journal; a comment alone is none."""
    bindings = binding_numbers(
        connection, wanted.site, wanted.department, wanted.subtree
    )
    conditions = Conditions()
    conditions.where("r.occurred_ms >= ?", wanted.from_ms)
    conditions.where("r.occurred_ms < ?", wanted.to_ms)
    conditions.among("r.device_no", device_numbers(connection, wanted.device))
    conditions.among("r.binding", bindings)
    conditions.where("r.employee_id = ?", wanted.employee)
    conditions.seek(_OF_SESSION, wanted.session)
    conditions.where("r.level = ?", wanted.level)
    conditions.where(_FLAGGED, wanted.flag)
    conditions.where("r.effective = ?", wanted.effective)
    conditions.where("r.level >= ?", 1)
    spans = where_pressed(connection, wanted.from_ms, wanted.to_ms)
    return page(connection, _RATINGS, conditions, part, spans)


def where_pressed(
    connection: apsw.Connection, from_ms: int | None, to_ms: int | None
) -> Sequence[Span]:
    """Where those lie that were pressed then; defaults lie below all others."""
    if from_ms is None and to_ms is None:
        return (EVERYWHERE,)
    return pressed(connection, from_ms, to_ms), _DEFAULTS


def pressed(
    connection: apsw.Connection, from_ms: int | None, to_ms: int | None
) -> Span:
    """Between which places those lie that were pressed then, defaults apart.

    Others lie there, too; a rating that came months later makes it wide.
    """
    begin, end = from_ms or 0, _MS_MAX if to_ms is None else to_ms
    slices = (begin - SLICE_MS) // SLICE_MS, (end + SLICE_MS) // SLICE_MS
    ((first, last),) = connection.execute(_ARRIVED, slices)
    bounds = begin, end, LATE_MAX + 1
    ((late, first_late, last_late),) = connection.execute(_LATE, bounds)
    if late > LATE_MAX:
        return _RECORDED
    if late and last < first:
        return first_late, last_late
    return (min(first, first_late), max(last, last_late)) if late else (first, last)


def place_of(connection: apsw.Connection, device_id: str, event_id: str) -> int | None:
    """The place of the first record of this identity, while it is kept.

    A default has no record: its place is below those of all records.
    """
    below = default_place(event_id)
    if below is not None:
        for (place,) in connection.execute(
            "SELECT place FROM rating JOIN device ON device.no = device_no"
            " WHERE place = ? AND device_id = ?",
            (below, device_id),
        ):
            return int(place)
    for table in _identity_tables(connection):
        for (place,) in connection.execute(
            f"SELECT place FROM {table} WHERE event_id = ? AND device_no ="
            " (SELECT no FROM device WHERE device_id = ?)",
            (event_id, device_id),
        ):
            return int(place)
    return None


def devices_of(
    connection: apsw.Connection, event_id: str, subtree: str | None, limit: int
) -> list[str]:
    """Devices that have a rating of this event id below a site, `limit` at most."""
    conditions = Conditions()
    conditions.where("i.event_id = ?", event_id)
    conditions.where(of_site("s.site"), subtree)
    found: list[str] = []
    for table in _identity_tables(connection):
        rows = connection.execute(
            f"SELECT d.device_id FROM {table} AS i"
            " JOIN rating AS r ON r.place = i.place"
            " JOIN binding AS s ON s.no = r.binding"
            " JOIN device AS d ON d.no = i.device_no"
            f" WHERE {conditions.clause} LIMIT ?",
            (*conditions.values, limit),
        )
        found.extend(device_id for (device_id,) in rows)
    return found[:limit]


def block_of(connection: apsw.Connection, rating: RatingRow) -> int:
    """The block in which a rating was first folded; of a default, by its time."""
    if rating.place >= 0:
        return Place.unpack(rating.place).block
    for (block,) in connection.execute(
        "SELECT min(block) FROM outbox WHERE appended_ms = ?", (rating.received_ms,)
    ):
        return int(block or 0)
    return 0


def at(connection: apsw.Connection, places: Iterable[int]) -> list[RatingRow]:
    """The ratings at these places, the earliest press first."""
    rows = connection.executemany(
        f"{_SELECT} WHERE r.place = ?", [(place,) for place in places]
    )
    return sorted((_build(row) for row in rows), key=_pressed)


def of_same_session(connection: apsw.Connection, rating: RatingRow) -> list[RatingRow]:
    """All ratings of its session, or itself alone, the earliest press first."""
    for places, default in connection.execute(
        "SELECT ratings, default_place FROM session WHERE no ="
        " (SELECT session_no FROM rating WHERE place = ?)",
        (rating.place,),
    ):
        return at(connection, with_default(places, default))
    return [rating]


def evidence_of(connection: apsw.Connection, rating: RatingRow) -> dict[str, Evidence]:
    """What its flags rest on: as the fold noted it, or as its own row tells."""
    known: dict[str, Evidence] = {}
    if not rating.flags:
        return known
    for text, seq in connection.execute(
        "SELECT details ->> '$.evidence', seq FROM rating WHERE place = ?",
        (rating.place,),
    ):
        known = json.loads(text) if text else {}
        told = {"seq": seq, "received_ms": rating.received_ms}
        told |= {"event_id": rating.event_id, "occurred_ms": rating.occurred_ms}
        for name, column in _TOLD_BY_THE_ROW.items():
            known.setdefault(name, {column: told[column]})
    return {name: known.get(name, {}) for name in rating.flags}


def dispute_of(connection: apsw.Connection, rating_id: str) -> Dispute | None:
    """An employee's objection to it, decided or not."""
    for row in connection.execute(
        "SELECT rating_id, by, reason, at_ms, outcome, decided_by, decided_ms, author,"
        " ruling FROM dispute WHERE rating_id = ?",
        (rating_id,),
    ):
        return Dispute(*row)
    return None


def point_of(connection: apsw.Connection, rating: RatingRow) -> PointRow | None:
    """The key of its point, fixed at the first fold; only live ratings have one."""
    if rating.mode != "live" or rating.level is None:
        return None
    ((scale, medium, employee_tag),) = connection.execute(
        "SELECT scale, medium, employee_tag FROM binding"
        " JOIN rating ON binding = no WHERE place = ?",
        (rating.place,),
    )
    tags = point_tags(
        rating.site,
        rating.department,
        rating.window,
        rating.device_id,
        rating.employee_id if employee_tag else None,
        scale,
        rating.origin,
        medium,
    )
    return PointRow(tags, point_ns(rating.occurred_ms, rating.ordinal))


def with_default(places: str, default: int | None) -> list[int]:
    """The places of a session's ratings, those of its default among them."""
    found: list[int] = json.loads(places)
    return found if default is None else [*found, default]


def _identity_tables(connection: apsw.Connection) -> list[str]:
    """The newest period first."""
    numbers = connection.execute("SELECT no FROM identity_period ORDER BY no DESC")
    return [f"identity_{number}" for (number,) in numbers]


def _pressed(rating: RatingRow) -> tuple[int, int]:
    return rating.occurred_ms, rating.place
