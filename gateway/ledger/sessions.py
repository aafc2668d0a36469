"""Sessions and all that is known of them: the facts that their states follow from."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from gateway.ledger.ratings import SESSION_COLUMNS
from gateway.ledger.schema_arrivals import SLICE_MS
from gateway.ledger.store import Row, Store
from gateway.ratings.facts import Dispute, Fixed, Issued, Step

NEAR_MAX: Final = 12
"""Sessions of one number before a moment, and after it, that are looked at.

A terminal that opens one number for ever makes none of its events dearer.
"""


class Look(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """When a session was last looked at, under which terms, and what is to be kept.

    `counted` are the keys that its counts were added to, `counts_ms` the moment.
    """

    terms: int
    at_ms: int
    fixed: tuple[Fixed, ...] = ()
    issued: Issued | None = None
    offline_since_ms: int | None = None
    counted: tuple[tuple[int, int], ...] = ()
    counts_ms: int = 0


class SessionFact(NamedTuple):
    """A session's row, as far as looking at it again needs it."""

    no: int
    session_id: str
    site: str
    stage: int
    n: int
    began_ms: int
    business_date: str | None
    state: str
    device_no: int | None
    department: str | None
    window: str | None
    employee_id: str | None
    effective: int | None
    ratings: tuple[int, ...]
    opened_ms: int | None
    ended_ms: int | None
    default_place: int | None
    due_ms: int | None
    look: Look | None

    @property
    def key(self) -> str:
        return f"{self.site}:{self.session_id}:{self.stage}:{self.n}"

    @property
    def scope(self) -> "Scope":
        return self.site, self.session_id, self.stage


class SessionRow(NamedTuple):
    """All columns of a session, in the order in which they are written."""

    no: int
    session_id: str
    site: str
    stage: int
    n: int
    began_ms: int
    business_date: str
    state: str
    device_no: int | None
    department: str | None
    window: str | None
    employee_id: str | None
    service_code: str | None
    opened_ms: int | None
    invited_ms: int | None
    ended_ms: int | None
    deadline_ms: int | None
    amend_until_ms: int | None
    estimated: bool
    eligible: bool
    unrated_reason: str | None
    provisional: bool
    followup_due_ms: int | None
    rectify_due_ms: int | None
    effective_place: int | None
    ratings: str
    default_place: int | None
    due_ms: int | None
    look: str


class EventFact(NamedTuple):
    """A session event as it was kept; `data` is what `Services` wrote."""

    session_no: int
    place: int
    data: str


class DutyRow(NamedTuple):
    """What is owed to a customer; `place` is that of the rating or the complaint."""

    place: int
    subject: str
    kind: str
    since_ms: int
    due_ms: int
    rectify_due_ms: int | None
    contacted_ms: int | None
    fixed_ms: int | None
    confirmed_ms: int | None
    closed: bool


Scope = tuple[str, str, int]
"""site, session number, stage (0: none)."""

_LOOK: Final = msgspec.json.Decoder(Look)
_PLACES: Final = msgspec.json.Decoder(tuple[int, ...])
_FACT_COLUMNS: Final = (
    f"{SESSION_COLUMNS}, opened_ms, ended_ms, default_place, due_ms, look"
)
_OF_SCOPE: Final = (
    f"SELECT {_FACT_COLUMNS} FROM session"
    " WHERE session_id = ?2 AND site = ?1 AND stage = ?3"
)
_UPSERT: Final = (
    f"INSERT INTO session ({', '.join(SessionRow._fields)})"
    f" VALUES ({', '.join('?' * len(SessionRow._fields))}) ON CONFLICT (no) DO UPDATE"
    " SET version = version + 1, "
    + ", ".join(f"{name} = excluded.{name}" for name in SessionRow._fields[5:])
)


def _fact(row: Row) -> SessionFact:
    look = None if row[18] is None else _LOOK.decode(row[18])
    return SessionFact._make((*row[:13], _PLACES.decode(row[13]), *row[14:18], look))


class SessionBooks:
    """Sessions, their events, and the tables of what people owe and decide."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def near(self, scope: Scope, at_ms: int) -> list[SessionFact]:
        """Sessions of a scope around a moment, the oldest first."""
        before = self._store.all(
            f"{_OF_SCOPE} AND began_ms <= ?4 ORDER BY began_ms DESC, no DESC"
            f" LIMIT {NEAR_MAX}",
            (*scope, at_ms),
        )
        after = self._store.all(
            f"{_OF_SCOPE} AND began_ms > ?4 ORDER BY began_ms, no LIMIT {NEAR_MAX}",
            (*scope, at_ms),
        )
        return [_fact(row) for row in (*reversed(before), *after)]

    def numbers_given(self, scope: Scope) -> int:
        """The greatest `n` of a scope."""
        row = self._store.one(
            "SELECT max(n) FROM session"
            " WHERE session_id = ?2 AND site = ?1 AND stage = ?3",
            scope,
        )
        return 0 if row is None else row[0] or 0

    def of_number(self, number: int) -> SessionFact | None:
        row = self._store.one(
            f"SELECT {_FACT_COLUMNS} FROM session WHERE no = ?", (number,)
        )
        return None if row is None else _fact(row)

    def save(self, rows: Iterable[SessionRow]) -> None:
        self._store.many(_UPSERT, rows)

    def remove(self, number: int) -> None:
        """Forget a session that another one has absorbed."""
        self._store.run("DELETE FROM session WHERE no = ?", (number,))

    def events(self, numbers: Iterable[int]) -> list[EventFact]:
        rows = self._store.each(
            "SELECT session_no, place, data FROM session_event WHERE session_no = ?",
            [(number,) for number in numbers],
        )
        return [EventFact._make(row) for row in rows]

    def add_event(
        self, session_no: int, place: int, action: str, occurred_ms: int, data: str
    ) -> None:
        self._store.run(
            "INSERT INTO session_event VALUES (?, ?, ?, ?, ?)",
            (session_no, place, action, occurred_ms, data),
        )

    def move_event(self, old_no: int, place: int, new_no: int) -> None:
        self._store.run(
            "UPDATE session_event SET session_no = ?3"
            " WHERE session_no = ?1 AND place = ?2",
            (old_no, place, new_no),
        )

    def waiting(self, scope: Scope) -> list[int]:
        """Places of the ratings of a scope that no session holds."""
        rows = self._store.all(
            "SELECT place FROM waiting WHERE site = ? AND session_id = ? AND stage = ?"
            " ORDER BY place",
            scope,
        )
        return [row[0] for row in rows]

    def waits_in(self, place: int) -> Scope | None:
        """The scope in which a rating waits for its session."""
        row = self._store.one(
            "SELECT site, session_id, stage FROM waiting WHERE place = ?", (place,)
        )
        return None if row is None else (row[0], row[1], row[2])

    def wait(self, scope: Scope, place: int) -> None:
        self._store.run(
            "INSERT OR IGNORE INTO waiting VALUES (?, ?, ?, ?)", (*scope, place)
        )

    def waits_no_more(self, scope: Scope, place: int) -> None:
        self._store.run(
            "DELETE FROM waiting"
            " WHERE site = ? AND session_id = ? AND stage = ? AND place = ?",
            (*scope, place),
        )

    def awaited(self) -> dict[str, Scope]:
        """What amendments wait for, with the scope that holds them."""
        rows = self._store.all("SELECT rating_id, site, session_id, stage FROM awaited")
        return {row[0]: (row[1], row[2], row[3]) for row in rows}

    def await_rating(self, rating_id: str, scope: Scope) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO awaited VALUES (?, ?, ?, ?)", (rating_id, *scope)
        )

    def came(self, rating_id: str) -> None:
        self._store.run("DELETE FROM awaited WHERE rating_id = ?", (rating_id,))

    def add_complaint(self, row: Sequence[object]) -> None:
        self._store.run("INSERT INTO complaint VALUES (?,?,?,?,?,?,?,?,?,?)", row)

    def save_duties(self, rows: Iterable[DutyRow | tuple[Any, ...]]) -> None:
        self._store.many(
            "INSERT OR REPLACE INTO duty VALUES (?,?,?,?,?,?,?,?,?,?)", rows
        )

    def end_duty(self, place: int) -> None:
        """Nothing is owed any more: the rating was amended, or declared void."""
        self._store.run("UPDATE duty SET closed = 1 WHERE place = ?", (place,))

    def duty(self, place: int) -> DutyRow | None:
        row = self._store.one("SELECT * FROM duty WHERE place = ?", (place,))
        return None if row is None else DutyRow._make(row)

    def complaint(self, complaint_id: str) -> int | None:
        """The place of a complaint."""
        row = self._store.one(
            "SELECT place FROM complaint WHERE complaint_id = ?", (complaint_id,)
        )
        return None if row is None else int(row[0])

    def complained_of(self, place: int) -> tuple[str, str | None, int]:
        """(site, session's number, moment) that a complaint speaks of."""
        row = self._store.one(
            "SELECT site, session_id, occurred_ms FROM complaint WHERE place = ?",
            (place,),
        )
        assert row is not None
        return row[0], row[1], row[2]

    def open_deadlines(self, now_ms: int) -> list[tuple[int, str, int, int]]:
        """(number, site, ended_ms, deadline_ms) of sessions still to be rated."""
        rows = self._store.all(
            "SELECT no, site, ended_ms, deadline_ms FROM session"
            " WHERE state = 'awaiting' AND deadline_ms > ?",
            (now_ms,),
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def save_deadlines(self, rows: Iterable[tuple[int, bool, int, int]]) -> None:
        """Set (deadline_ms, estimated, due_ms) of a session, its number last."""
        self._store.many(
            "UPDATE session SET deadline_ms = ?, estimated = ?, due_ms = ?"
            " WHERE no = ?",
            rows,
        )

    def open_amendments(self, since_ms: int, now_ms: int) -> list[tuple[Any, ...]]:
        """(number, site, first rating's time, end) of windows of amendment still open.

        Of ratings that came since a moment: a look at all there are takes too long.
        """
        return self._store.all(
            "SELECT s.no, s.site, min(r.occurred_ms), s.amend_until_ms"
            " FROM rating AS r JOIN session AS s ON s.no = r.session_no"
            " WHERE r.place >= (SELECT min(first_place) FROM arrival WHERE slice >= ?)"
            " AND r.round = 'initial' AND r.origin <> 'device_timeout'"
            " AND s.amend_until_ms > ? GROUP BY s.no",
            (since_ms // SLICE_MS, now_ms),
        )

    def save_amendments(self, rows: Iterable[tuple[int, int]]) -> None:
        """Set the end of a session's window of amendment, its number last."""
        self._store.many("UPDATE session SET amend_until_ms = ? WHERE no = ?", rows)

    def open_duties(self) -> list[tuple[DutyRow, int | None, str]]:
        """What is owed, with the number of its rating's session, and the site.

        A rating that no session holds is owed nothing: nobody would look at it.
        """
        rows = self._store.all(
            "SELECT duty.*, session_no, coalesce(session.site, complaint.site, '')"
            " FROM duty LEFT JOIN rating ON rating.place = duty.place"
            " LEFT JOIN session ON session.no = rating.session_no"
            " LEFT JOIN complaint ON complaint.place = duty.place WHERE closed = 0"
            " AND coalesce(session.no, complaint.place) IS NOT NULL"
        )
        return [(DutyRow._make(row[:-2]), row[-2], row[-1]) for row in rows]

    def save_followups(self, rows: Iterable[tuple[int, int | None, int]]) -> None:
        """Set (followup_due_ms, rectify_due_ms) of a session, its number last."""
        self._store.many(
            "UPDATE session SET followup_due_ms = ?, rectify_due_ms = ? WHERE no = ?",
            rows,
        )

    def steps(self, subjects: Iterable[str]) -> list[Step]:
        rows = self._store.each(
            "SELECT subject, name, at_ms, by FROM step WHERE subject = ?",
            [(subject,) for subject in subjects],
        )
        return [Step(*row) for row in rows]

    def add_step(self, place: int, step: Step, note: str | None) -> None:
        self._store.run(
            "INSERT INTO step VALUES (?, ?, ?, ?, ?, ?)",
            (place, step.subject, step.name, step.at_ms, step.by, note),
        )

    def disputes(self, rating_ids: Iterable[str]) -> list[Dispute]:
        rows = self._store.each(
            "SELECT rating_id, by, reason, at_ms, outcome, decided_by, decided_ms,"
            " author, ruling FROM dispute WHERE rating_id = ?",
            [(rating_id,) for rating_id in rating_ids],
        )
        return [Dispute(*row) for row in rows]

    def save_dispute(self, one: Dispute) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO dispute VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            msgspec.structs.astuple(one),
        )

    def terms(self) -> list[tuple[int, str, str]]:
        rows = self._store.all("SELECT no, rules, calendar FROM session_terms")
        return [(row[0], row[1], row[2]) for row in rows]

    def add_terms(self, number: int, rules: str, calendar: str) -> None:
        self._store.run(
            "INSERT INTO session_terms VALUES (?, ?, ?)", (number, rules, calendar)
        )
