"""Sealed months, and what changed their counts since."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from gateway.ledger.store import Store

Sealed = tuple[str, str]
"""A statement: its site, "" for all of them, and its month."""
Subject = tuple[bool, int]
"""Whether it is a rating, and its place; else the number of a session."""


_SEALED: Final = "SELECT site, period FROM statement"
_RESTATE: Final = """
INSERT INTO restatement SELECT ?1, ?2, coalesce(max(no), 0) + 1, ?3, ?4, ?5, ?6, ?7
    FROM restatement WHERE site = ?1 AND period = ?2
ON CONFLICT (site, period, is_rating, subject) DO UPDATE SET no = excluded.no,
    at_ms = excluded.at_ms, kind = excluded.kind,
    reason = coalesce(excluded.reason, reason)
"""
_FORGET: Final = """
DELETE FROM restatement
WHERE site = ? AND period = ? AND is_rating = ? AND subject = ?
    AND kind = coalesce(?, kind)
"""


class Restated(NamedTuple):
    """What changed the counts of a statement.

    `subject` is the place of a rating or the number of a session, `reason` the news
    of one.
    """

    kind: str
    is_rating: bool
    subject: int
    reason: str | None = None


class Statements:
    """The tables `statement` and `restatement`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def sealed(self) -> set[Sealed]:
        return {(row[0], row[1]) for row in self._store.all(_SEALED)}

    def add(self, of: Sealed, author: str, data: str) -> None:
        self._store.run(
            "INSERT INTO statement VALUES (?, ?, ?, ?, 1)", (*of, author, data)
        )

    def restate(self, of: Sealed, at_ms: int, changes: Iterable[Restated]) -> None:
        """Add what changed its counts; what is known of already becomes the newest."""
        self._store.many(_RESTATE, [(*of, at_ms, *change) for change in changes])

    def forget(
        self, of: Sealed, gone: Iterable[Subject], kind: str | None = None
    ) -> None:
        """Tell no more of these, or only if they are told of as this kind."""
        self._store.many(_FORGET, [(*of, *one, kind) for one in gone])
