"""What was erased, what is to be erased still, and copies that would tell it."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import apsw

from gateway.ledger.ratings import PersonalRow
from gateway.ledger.store import Store

_PERSONAL: Final = "place, rating_id, key_id, sealed, digest, subject, at_ms, kept"


class Copy(NamedTuple):
    """A record that bears the identity `rating_id`; its hash as it was sent."""

    place: int
    rating_id: str
    content_hash: bytes
    at_ms: int
    about: str


class Erasure(NamedTuple):
    """An element that was erased, as the ledger keeps it."""

    place: int
    rating_id: str
    subject: str
    content_hash: bytes
    key_id: int
    digest: bytes
    personal: str
    at_ms: int
    block: int
    redacted: int | None = None


def pending(connection: apsw.Connection, limit: int) -> list[Erasure]:
    """Elements that the journal still holds, in its order."""
    query = "SELECT * FROM erasure WHERE redacted IS NULL ORDER BY place LIMIT ?"
    return [Erasure(*row) for row in connection.execute(query, (limit,))]


class Erasures:
    """The tables `personal` (what goes), `personal_copy` and `erasure`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def said_of(self, subject: str) -> list[PersonalRow]:
        """What is kept of a rating or complaint, and of comments about it."""
        rows = self._store.all(
            f"SELECT {_PERSONAL} FROM personal WHERE subject = ? ORDER BY place",
            (subject,),
        )
        return [PersonalRow._make(row) for row in rows]

    def forget(self, rows: Iterable[tuple[int, bytes, int]]) -> None:
        """Erase sealed fields: (key id, keyed digest, place)."""
        self._store.many(
            "UPDATE personal SET sealed = NULL, kept = 0, key_id = ?, digest = ?"
            " WHERE place = ?",
            rows,
        )

    def copies_of(self, rating_id: str) -> list[Copy]:
        """Records that bear this identity, or speak of it."""
        rows = self._store.all(
            "SELECT * FROM personal_copy WHERE rating_id = ?1 OR about = ?1"
            " ORDER BY place",
            (rating_id,),
        )
        return [Copy(*row) for row in rows]

    def add_copy(self, copy: Copy) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO personal_copy VALUES (?, ?, ?, ?, ?)", copy
        )

    def drop_copies_of(self, rating_id: str) -> None:
        self._store.run(
            "DELETE FROM personal_copy WHERE rating_id = ?1 OR about = ?1", (rating_id,)
        )

    def drop_copy(self, place: int) -> None:
        self._store.run("DELETE FROM personal_copy WHERE place = ?", (place,))

    def copied_before(self, before_ms: int, limit: int) -> list[Copy]:
        """The oldest copies."""
        rows = self._store.all(
            "SELECT * FROM personal_copy WHERE at_ms < ? ORDER BY at_ms, place LIMIT ?",
            (before_ms, limit),
        )
        return [Copy(*row) for row in rows]

    def kept_before(self, before_ms: int, limit: int) -> list[PersonalRow]:
        """The oldest of what is kept and was looked at before."""
        rows = self._store.all(
            f"SELECT {_PERSONAL} FROM personal WHERE kept AND at_ms < ?"
            " ORDER BY at_ms, place LIMIT ?",
            (before_ms, limit),
        )
        return [PersonalRow._make(row) for row in rows]

    def look_again(self, place: int, at_ms: int) -> None:
        """Count the days of what is kept from another moment on."""
        self._store.run("UPDATE personal SET at_ms = ? WHERE place = ?", (at_ms, place))

    def forget_before(self, before_ms: int, limit: int) -> None:
        """Forget what was erased so long ago that nothing comes again of it."""
        self._store.run(
            "DELETE FROM erasure WHERE place IN (SELECT place FROM erasure"
            " WHERE at_ms < ? AND redacted IS NOT NULL ORDER BY at_ms LIMIT ?)",
            (before_ms, limit),
        )

    def any_kept(self) -> bool:
        """Whether there is anything that a day will come for."""
        row = self._store.one(
            "SELECT EXISTS (SELECT 1 FROM personal WHERE kept)"
            " OR EXISTS (SELECT 1 FROM personal_copy)"
            " OR EXISTS (SELECT 1 FROM erasure)"
        )
        return row is not None and bool(row[0])

    def copies(self) -> int:
        row = self._store.one("SELECT count(*) FROM personal_copy")
        assert row is not None
        return int(row[0])

    def drop_copies(self, count: int) -> None:
        """Forget where the oldest ones stand."""
        self._store.run(
            "DELETE FROM personal_copy WHERE place IN"
            " (SELECT place FROM personal_copy ORDER BY at_ms, place LIMIT ?)",
            (count,),
        )

    def erased_as(self, rating_id: str) -> str | None:
        """With which rating or complaint this identity was erased, if it was."""
        row = self._store.one(
            "SELECT subject FROM erasure WHERE rating_id = ? LIMIT 1", (rating_id,)
        )
        return None if row is None else row[0]

    def knows(self, place: int) -> bool:
        """Whether the element at this place was erased by an act."""
        query = "SELECT 1 FROM erasure WHERE place = ?"
        return self._store.one(query, (place,)) is not None

    def add(self, erasure: Erasure) -> None:
        """Note an element; one that is noted stays as it is."""
        self._store.run(
            "INSERT OR IGNORE INTO erasure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            erasure,
        )

    def redacted(self, places: Iterable[int], block: int) -> None:
        """The journal holds them no more."""
        self._store.many(
            "UPDATE erasure SET redacted = ? WHERE place = ? AND redacted IS NULL",
            [(block, place) for place in places],
        )

    def pending(self) -> bool:
        """Whether the journal still holds something that was erased."""
        query = "SELECT 1 FROM erasure WHERE redacted IS NULL LIMIT 1"
        return self._store.one(query) is not None

    def last_block(self) -> int:
        """In which block something was erased last."""
        row = self._store.one("SELECT coalesce(max(block), 0) FROM erasure")
        assert row is not None
        return int(row[0])
