"""Ratings, their bindings and sessions, and sealed personal fields."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from gateway.ledger.devices import Binding
from gateway.ledger.store import Row, Store

RATING_COLUMNS: Final = (
    "place, ordinal, device_no, event_id, session_no, binding, level, level_raw,"
    " occurred_ms, claimed_ms, received_ms, time_quality, origin, mode, round,"
    " employee_id, seq, version, effective, flags, amends, details, void"
)
# The engine's wrapper looks a statement up by its text for each row: the columns of
# these two are not named, but stand in the order of `RATING_COLUMNS` and the schema.
_INSERT_PLAIN: Final = (
    "INSERT INTO rating VALUES(?,?,?,?,?,?,?,?,?9,?9,?,'device',?,'live','initial',"
    "?,?,1,1,?,NULL,NULL,NULL)"
)
_INSERT_PLAIN_SESSION: Final = (
    "INSERT INTO session VALUES(?,?,?,?11,1,?4,?5,'rated',?6,?7,?8,?9,"
    "NULL,NULL,NULL,NULL,NULL,?12,0,1,NULL,0,?13,?14,?10,'['||?10||']',1,"
    "NULL,NULL,?13)"
)
_INSERT_RATING: Final = f"INSERT INTO rating ({RATING_COLUMNS}) VALUES (" + (
    ", ".join("?" * 23) + ")"
)
SESSION_COLUMNS: Final = (
    "no, session_id, site, stage, n, began_ms, business_date, state, device_no,"
    " department, window, employee_id, effective_place, ratings"
)

IMPLIED: Final = "@"
"""Heads the number of a session that a rating implies."""
_DEFAULT: Final = "default-"


def number_of(session_id: str | None) -> str | None:
    """A session's number as terminals know it; None for one that we implied."""
    implied = session_id is None or session_id.startswith(IMPLIED)
    return None if implied else session_id


def default_id(ordinal: int) -> str:
    """The event_id of a default; nobody pressed it, so its ordinal names it."""
    return f"{_DEFAULT}{ordinal}"


def default_place(event_id: str) -> int | None:
    """Where a default lies: no record made it, so it has a place below all others."""
    number = event_id.removeprefix(_DEFAULT)
    return -int(number) if number != event_id and number.isdecimal() else None


class Session(NamedTuple):
    """A session's row, as far as its news are told of it."""

    no: int
    session_id: str
    site: str
    stage: int
    n: int
    began_ms: int

    @property
    def key(self) -> str:
        return f"{self.site}:{self.session_id}:{self.stage}:{self.n}"


class Stored(NamedTuple):
    """A rating of the ledger, for settling a session and for telling its point."""

    place: int
    ordinal: int
    device_id: str
    event_id: str
    session_no: int | None
    binding: int
    level: int | None
    level_raw: str | None
    occurred_ms: int
    received_ms: int
    time_quality: str
    origin: str
    mode: str
    round: str
    employee_id: str | None
    seq: int | None
    version: int
    effective: bool
    flags: tuple[str, ...]
    amends: str | None
    details: dict[str, Any]
    void: dict[str, Any] | None

    @property
    def rating_id(self) -> str:
        return f"{self.device_id}:{self.event_id}"


class PersonalRow(NamedTuple):
    """What an element says about a person; `sealed` is None once it is erased.

    `kept` is 1 until the fold comes to the erasure, which the journal may precede.
    """

    place: int
    rating_id: str
    key_id: int
    sealed: bytes | None
    digest: bytes
    subject: str
    at_ms: int
    kept: int = 1


_SELECT_STORED: Final = (
    "SELECT place, ordinal, device_id, event_id, session_no, binding, level, level_raw,"
    " occurred_ms, received_ms, time_quality, origin, mode, round, employee_id, seq,"
    " version, effective, flags, amends, details, void"
    " FROM rating JOIN device ON device.no = device_no WHERE place = ?"
)


def _stored(row: Row) -> Stored:
    effective, flags, amends, details, void = row[17:]
    return Stored._make(
        (
            *row[:17],
            bool(effective),
            tuple(json.loads(flags)) if flags else (),
            amends,
            json.loads(details) if details else {},
            json.loads(void) if void else None,
        )
    )


class Ratings:
    """The tables `rating`, `session`, `session_event`, `binding`, `personal`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def last_session(self) -> int:
        """The greatest number of a session so far."""
        row = self._store.one("SELECT coalesce(max(no), 0) FROM session")
        assert row is not None
        return int(row[0])

    def bindings(self) -> list[Binding]:
        rows = self._store.all(
            "SELECT no, site, department, window, scale, medium, employee_tag"
            " FROM binding ORDER BY no"
        )
        return [Binding._make((*row[:6], bool(row[6]))) for row in rows]

    def add_binding(self, binding: Binding) -> None:
        self._store.run("INSERT INTO binding VALUES (?, ?, ?, ?, ?, ?, ?)", binding)

    def insert(self, rows: Iterable[Sequence[object]]) -> None:
        """Add ratings; the values are in the order of `RATING_COLUMNS`."""
        self._store.many(_INSERT_RATING, rows)

    def insert_plain(self, rows: Iterable[Sequence[object]]) -> None:
        """Add plain ratings: fewer values to bind are a microsecond less each.

        Each row: place, ordinal, device_no, event_id, session_no, binding, level,
        level_raw, occurred_ms, received_ms, origin, employee_id, seq, flags.
        """
        self._store.many(_INSERT_PLAIN, rows)

    def insert_plain_sessions(self, rows: Iterable[Sequence[object]]) -> None:
        """Add sessions that a plain rating began.

        Each row: no, session_id, site, began_ms, business_date, device_no,
        department, window, employee_id, place of the rating, stage, amend_until_ms,
        followup_due_ms, rectify_due_ms.
        """
        self._store.many(_INSERT_PLAIN_SESSION, rows)

    def at(self, places: Iterable[int]) -> list[Stored]:
        """The ratings at these places, in that order."""
        rows = self._store.each(_SELECT_STORED, [(place,) for place in places])
        return [_stored(row) for row in rows]

    def stand(
        self, rows: Iterable[tuple[int, bool, str | None, int | None, int]]
    ) -> None:
        """Set (version, effective, flags, session_no, place) of ratings."""
        self._store.many(
            "UPDATE rating SET version = ?, effective = ?, flags = ?, session_no = ?"
            " WHERE place = ?",
            rows,
        )

    def describe(self, rows: Iterable[tuple[str | None, int]]) -> None:
        """Set (details, place) of ratings: what their flags rest on may change."""
        self._store.many("UPDATE rating SET details = ? WHERE place = ?", rows)

    def void(self, place: int, void: str | None) -> None:
        self._store.run("UPDATE rating SET void = ? WHERE place = ?", (void, place))

    def scopes(self, site: str, ids: Iterable[str]) -> list[tuple[str, int]]:
        """(number, stage) of every session of a site with one of these numbers.

        Other sites use the same numbers: theirs are never touched.
        """
        # One statement for all: an index seek each, and no sorter, which costs more.
        rows = self._store.all(
            "SELECT session_id, stage FROM json_each(?) AS asked"
            " CROSS JOIN session ON session_id = asked.value AND site = ?",
            (msgspec.json.encode(list(ids)).decode(), site),
        )
        return [(row[0], row[1]) for row in rows]

    def add_personal(self, rows: Iterable[PersonalRow]) -> None:
        """Keep sealed fields."""
        self._store.many(
            "INSERT OR REPLACE INTO personal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
