"""What another ledger, attached as `beside`, has otherwise: sessions and ratings.

Both were folded from one journal, so that a rating stands at one place in both, and a
session has one key. Rows come as they are read: nothing is gathered here.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import apsw

from gateway.ledger.queries.names import SESSION_KEY
from gateway.ledger.snapshot import BESIDE

_SESSION: Final = (
    "state",
    "business_date",
    "deadline_ms",
    "amend_until_ms",
    "estimated",
    "provisional",
    "followup_due_ms",
    "rectify_due_ms",
)
_ANSWER: Final = ("level", "effective")
_RATING: Final = ("level", "effective", "employee_id", "flags")
_BOOLEANS: Final = frozenset({"estimated", "provisional"})


class Difference(NamedTuple):
    """One session or rating, `moment_ms` when it counts; None: it is not there."""

    name: str
    moment_ms: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def fields(self) -> tuple[str, ...]:
        """What differs; none where one side lacks all of it."""
        if self.before is None or self.after is None:
            return ()
        after = self.after
        return tuple(n for n, value in self.before.items() if value != after[n])


def _session_columns(session: str, rating: str) -> str:
    named = [f"{session}.{name}" for name in _SESSION]
    # A default is named by its ordinal, which other rules may give to another one.
    pressed = f"iif({rating}.origin = 'system_default', 'default', {rating}.event_id)"
    return ", ".join([*named, f"{rating}.level", pressed])


def _moment(session: str) -> str:
    return f"coalesce({session}.ended_ms, {session}.began_ms)"


_OURS: Final = _session_columns("x", "e")
_THEIRS: Final = _session_columns("y", "f")
_SAME: Final = (
    "y.session_id = x.session_id AND y.site = x.site AND y.stage = x.stage"
    " AND y.n = x.n"
)
_SESSIONS: Final = f"""
SELECT {SESSION_KEY}, {_moment("x")}, y.no IS NOT NULL, {_OURS}, {_THEIRS}
FROM main.session AS x
LEFT JOIN main.rating AS e ON e.place = x.effective_place
LEFT JOIN {BESIDE}.session AS y ON {_SAME}
LEFT JOIN {BESIDE}.rating AS f ON f.place = y.effective_place
WHERE {_moment("x")} >= ?1 AND {_moment("x")} < ?2
    AND (y.no IS NULL OR ({_OURS}) IS NOT ({_THEIRS}))
"""
_NEW_SESSIONS: Final = f"""
SELECT {SESSION_KEY}, {_moment("x")}, {_OURS}
FROM {BESIDE}.session AS x
LEFT JOIN {BESIDE}.rating AS e ON e.place = x.effective_place
WHERE {_moment("x")} >= ?1 AND {_moment("x")} < ?2
    AND NOT EXISTS (SELECT 1 FROM main.session AS y WHERE {_SAME})
"""


def _rating_columns(rating: str) -> str:
    return ", ".join(f"{rating}.{name}" for name in _RATING)


_NAMED: Final = "d.device_id || ':' || r.event_id, r.occurred_ms"
_RATINGS: Final = f"""
SELECT {_NAMED}, q.place IS NOT NULL, {_rating_columns("r")}, {_rating_columns("q")}
FROM main.rating AS r
JOIN main.device AS d ON d.no = r.device_no
LEFT JOIN {BESIDE}.rating AS q ON q.place = r.place
WHERE r.place >= 0 AND r.occurred_ms >= ?1 AND r.occurred_ms < ?2
    AND (q.place IS NULL
        OR ({_rating_columns("r")}) IS NOT ({_rating_columns("q")}))
"""
_NEW_RATINGS: Final = f"""
SELECT {_NAMED}, {_rating_columns("r")}
FROM {BESIDE}.rating AS r
JOIN {BESIDE}.device AS d ON d.no = r.device_no
WHERE r.place >= 0 AND r.occurred_ms >= ?1 AND r.occurred_ms < ?2
    AND NOT EXISTS (SELECT 1 FROM main.rating AS q WHERE q.place = r.place)
"""
_FATES: Final = f"""
SELECT coalesce(a.name, b.name), coalesce(a.rule, b.rule),
    coalesce(a.elements, 0), coalesce(b.elements, 0)
FROM main.fate AS a
FULL JOIN {BESIDE}.fate AS b ON b.name = a.name AND b.rule = a.rule
WHERE coalesce(a.elements, 0) <> coalesce(b.elements, 0)
ORDER BY 1, 2
"""


def sessions(
    connection: apsw.Connection, from_ms: int, to_ms: int
) -> Iterator[Difference]:
    """Sessions that differ, by the moment of their service's end, else beginning."""
    names = (*_SESSION, *_ANSWER)
    yield from _differences(
        connection, (_SESSIONS, _NEW_SESSIONS), names, from_ms, to_ms
    )


def ratings(
    connection: apsw.Connection, from_ms: int, to_ms: int
) -> Iterator[Difference]:
    """Ratings that differ, by the moment of the press."""
    yield from _differences(
        connection, (_RATINGS, _NEW_RATINGS), _RATING, from_ms, to_ms
    )


def fates(connection: apsw.Connection) -> dict[str, tuple[int, int]]:
    """Elements by `fate` or `fate:rule`, before and after, where they differ."""
    return {
        f"{name}:{rule}" if rule else name: (before, after)
        for name, rule, before, after in connection.execute(_FATES)
    }


def _differences(
    connection: apsw.Connection,
    queries: tuple[str, str],
    names: tuple[str, ...],
    from_ms: int,
    to_ms: int,
) -> Iterator[Difference]:
    shared, added = queries
    width = len(names)
    for name, moment, there, *values in connection.execute(shared, (from_ms, to_ms)):
        after = _read(names, values[width:]) if there else None
        yield Difference(name, moment, _read(names, values[:width]), after)
    for name, moment, *values in connection.execute(added, (from_ms, to_ms)):
        yield Difference(name, moment, None, _read(names, values))


def _read(names: tuple[str, ...], values: list[Any]) -> dict[str, Any]:
    found = dict(zip(names, values, strict=True))
    if "flags" in found:
        found["flags"] = json.loads(found["flags"] or "[]")
        found["effective"] = bool(found["effective"])
    return {
        name: bool(value) if name in _BOOLEANS else value
        for name, value in found.items()
    }
