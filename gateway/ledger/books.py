"""What the fold keeps about itself: cursor, fates, settings, acts, timers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.ledger.schema import TIMER_OF
from gateway.ledger.store import Store


class Timer(NamedTuple):
    due_ms: int
    kind: str
    subject: str


class KeyedAct(NamedTuple):
    place: int
    at_ms: int
    outcome: str


COUNTERS: Final = (
    "block",  # the last block folded
    "generation",
    "ordinal",  # the last given
    "sessions",  # the last number given to one
    "messages",  # received by ingress up to that block
    "elements_extra",  # elements beyond one a message
    "now_ms",  # the journal's time
    "linked",  # 1 while the link to the broker is up
    "inattentive",  # 1 while nothing can be heard: silence proves nothing
    "attentive_ms",  # since when it does
    "chain_low",  # the last 62 bits of that block's chain: which journal it was
)


class Books:
    """The tables `state`, `fate`, `setting`, `act`, `timer`, versions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def counters(self) -> dict[str, int]:
        known: dict[str, int] = dict(self._store.all("SELECT name, value FROM state"))
        return {name: known.get(name, 0) for name in COUNTERS}

    def save_counters(self, values: Mapping[str, int]) -> None:
        self._store.many("INSERT OR REPLACE INTO state VALUES (?, ?)", values.items())

    def fates(self) -> dict[tuple[str, str], int]:
        rows = self._store.all("SELECT name, rule, elements FROM fate")
        return {(name, rule): elements for name, rule, elements in rows}

    def save_fates(self, fates: Mapping[tuple[str, str], int]) -> None:
        self._store.many(
            "INSERT OR REPLACE INTO fate VALUES (?, ?, ?)",
            [(name, rule, elements) for (name, rule), elements in fates.items()],
        )

    def setting(self, name: str) -> str | None:
        row = self._store.one("SELECT value FROM setting WHERE name = ?", (name,))
        return None if row is None else row[0]

    def save_setting(self, name: str, value: str, place: int) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", (name, value, place)
        )

    def act_of_key(self, author: str, key: str) -> KeyedAct | None:
        """The act that already carried this idempotency key."""
        row = self._store.one(
            "SELECT place, at_ms, coalesce(outcome, '{}') FROM act"
            " WHERE author = ? AND idempotency_key = ?",
            (author, key),
        )
        return None if row is None else KeyedAct(*row)

    def forget_key(self, place: int) -> None:
        self._store.run(
            "UPDATE act SET idempotency_key = NULL WHERE place = ?", (place,)
        )

    def forget_keys(self, keep: int, forget: int) -> None:
        """Beyond `keep` keys, forget the oldest `forget` of them."""
        row = self._store.one(
            "SELECT count(*) FROM act WHERE idempotency_key IS NOT NULL"
        )
        if row is not None and row[0] >= keep:
            self._store.run(
                "UPDATE act SET idempotency_key = NULL WHERE place IN (SELECT place"
                " FROM act INDEXED BY act_idempotency WHERE idempotency_key IS NOT NULL"
                " ORDER BY place LIMIT ?)",
                (forget,),
            )

    def save_act(  # noqa: PLR0913, PLR0917 -- the columns of one row
        self,
        place: int,
        name: str,
        author: str | None,
        at_ms: int,
        key: str | None,
        outcome: str,
    ) -> None:
        self._store.run(
            "INSERT INTO act VALUES (?, ?, ?, ?, ?, ?)",
            (place, name, author, at_ms, key, outcome),
        )

    def next_due(self) -> int | None:
        row = self._store.one("SELECT min(due_ms) FROM timer")
        return None if row is None else row[0]

    def due(self, now_ms: int, limit: int, but: Iterable[str] = ()) -> list[Timer]:
        """Timers due by now but for some kinds, the earliest first; they are out."""
        rows = self._store.all(
            "SELECT due_ms, kind, subject FROM timer WHERE due_ms <= ?"
            " AND kind NOT IN (SELECT value FROM json_each(?))"
            " ORDER BY due_ms, kind, subject LIMIT ?",
            (now_ms, _listed(but), limit),
        )
        self.take_out(rows)
        return [Timer(*row) for row in rows]

    def due_of(self, kinds: Iterable[str], now_ms: int, limit: int) -> list[Timer]:
        """Timers of some kinds that are due by now, the earliest first."""
        rows = self._store.all(
            "SELECT due_ms, kind, subject FROM timer WHERE due_ms <= ?"
            " AND kind IN (SELECT value FROM json_each(?))"
            " ORDER BY due_ms, kind, subject LIMIT ?",
            (now_ms, _listed(kinds), limit),
        )
        return [Timer(*row) for row in rows]

    def take_out(self, timers: Iterable[Sequence[object]]) -> None:
        self._store.many(
            "DELETE FROM timer WHERE due_ms = ? AND kind = ? AND subject = ?", timers
        )

    def subjects(self, kind: str) -> list[str]:
        """What timers of a kind run for."""
        query = f"SELECT subject FROM timer WHERE kind = ? AND {TIMER_OF}"
        rows = self._store.all(query, (kind,))
        return [subject for (subject,) in rows]

    def set_timer(self, timer: Timer) -> None:
        self._store.run("INSERT OR IGNORE INTO timer VALUES (?, ?, ?)", timer)

    def set_timers(self, timers: Iterable[Timer]) -> None:
        self._store.many("INSERT OR IGNORE INTO timer VALUES (?, ?, ?)", timers)

    def waits(self, kind: str) -> bool:
        """Whether a timer of this kind is set."""
        query = f"SELECT 1 FROM timer WHERE kind = ? AND {TIMER_OF} LIMIT 1"
        return self._store.one(query, (kind,)) is not None

    def drop_timers(self, kind: str, subject: str) -> None:
        self._store.run(
            f"DELETE FROM timer WHERE kind = ? AND subject = ? AND {TIMER_OF}",
            (kind, subject),
        )

    def next_version(self, event_type: str, subject: str) -> int:
        """The version of the next event of this type about this subject."""
        row = self._store.one(
            "INSERT INTO subject_version VALUES (?, ?, 1) ON CONFLICT (type, subject)"
            " DO UPDATE SET version = version + 1 RETURNING version",
            (event_type, subject),
        )
        assert row is not None
        return int(row[0])

    def note_first_version(self, event_type: str, subject: str) -> None:
        """Note that the first event of this type was told, if that was not noted."""
        self._store.run(
            "INSERT OR IGNORE INTO subject_version VALUES (?, ?, 1)",
            (event_type, subject),
        )


def _listed(kinds: Iterable[str]) -> str:
    return json.dumps(sorted(kinds))
