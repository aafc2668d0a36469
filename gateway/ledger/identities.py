"""Which events are known: (event_id, device) → the place of their first record.

Periods are tables of their own, dropped whole when all in them is older than the
horizon. Ids that are ordered by time append to the newest table and never touch
an older one; others pay a look-up in each.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import apsw

from gateway.ledger.schema import IDENTITY_TABLE

PERIODS: Final = 3
DAY_MS: Final = 86_400_000

Claim = tuple[str, int, int, bytes]
"""event_id, device number, packed place, content hash."""


class Holder(NamedTuple):
    """Who holds an identity: the packed place of its first record and its hash."""

    place: int
    content_hash: bytes


class Identities:
    """The seam behind which the store of identities may change."""

    def __init__(
        self, connection: apsw.Connection, period_ms: int | None = None
    ) -> None:
        """Take a period of its own; None: a third of the horizon that rules name."""
        self._connection = connection
        self._period_ms = period_ms
        self._current: tuple[int, int] | None = None  # number, since
        self._closed: list[tuple[int, int, str]] = []  # number, since, greatest id

    def load(self) -> None:
        """Read which periods exist."""
        rows = list(
            self._connection.execute(
                "SELECT no, since_ms, event_id_max FROM identity_period ORDER BY no"
            )
        )
        self._closed = rows[:-1]
        self._current = rows[-1][:2] if rows else None

    def turn(self, now_ms: int, horizon_ms: int, *, expire: bool = True) -> None:
        """Open a new period when due, and drop those older than the horizon."""
        if self._current is None:
            self._open(1, now_ms)
        elif now_ms >= self._current[1] + self._span_ms(horizon_ms):
            self._close()
            self._open(self._current[0] + 1, now_ms)
        if not expire:
            return
        since = [row[1] for row in self._closed[1:]] + [self._since_current()]
        expired = [end for end in since if end <= now_ms - horizon_ms]
        for number, _, _ in self._closed[: len(expired)]:
            self._drop(number)
        del self._closed[: len(expired)]

    def claim(self, claims: Sequence[Claim]) -> dict[int, Holder]:
        """Record the identities never seen; give the holders of the others.

        The answer is keyed by the index of the claim; an event that already holds
        its identity at the very place claimed is not in it.
        """
        fresh, held = claims, self._held_by_closed(claims) if self._closed else {}
        if held:
            fresh = [claim for index, claim in enumerate(claims) if index not in held]
            held = {at: one for at, one in held.items() if one.place != claims[at][2]}
        before = self._connection.total_changes()
        self._connection.executemany(
            f"INSERT OR IGNORE INTO identity_{self._number()} VALUES (?, ?, ?, ?)",
            fresh,
        )
        if self._connection.total_changes() - before != len(fresh):
            held |= self._held_by_current(claims)
        return held

    def find(self, event_id: str, device_no: int) -> Holder | None:
        """Who holds this identity, if anybody."""
        for number in (self._number(), *(row[0] for row in self._closed)):
            for place, content_hash in self._connection.execute(
                f"SELECT place, hash FROM identity_{number}"
                " WHERE event_id = ? AND device_no = ?",
                (event_id, device_no),
            ):
                return Holder(place, content_hash)
        return None

    def tables(self) -> list[str]:
        """The names of the tables that hold identities."""
        numbers = [row[0] for row in self._closed]
        if self._current is not None:
            numbers.append(self._current[0])
        return [f"identity_{number}" for number in numbers]

    def _held_by_current(self, claims: Sequence[Claim]) -> dict[int, Holder]:
        select = (
            f"SELECT ?3, place, hash FROM identity_{self._number()}"
            " WHERE event_id = ?1 AND device_no = ?2 AND place <> ?4"
        )
        keys = [(c[0], c[1], index, c[2]) for index, c in enumerate(claims)]
        return {
            index: Holder(place, content_hash)
            for index, place, content_hash in self._connection.executemany(select, keys)
        }

    def _held_by_closed(self, claims: Sequence[Claim]) -> dict[int, Holder]:
        """Who holds them, be it at the very place claimed."""
        held: dict[int, Holder] = {}
        for number, _, greatest in self._closed:
            keys = [
                (c[0], c[1], index)
                for index, c in enumerate(claims)
                if c[0] <= greatest
            ]
            select = (
                f"SELECT ?3, place, hash FROM identity_{number}"
                " WHERE event_id = ?1 AND device_no = ?2"
            )
            for index, place, content_hash in self._connection.executemany(
                select, keys
            ):
                held[index] = Holder(place, content_hash)
        return held

    def _span_ms(self, horizon_ms: int) -> int:
        """What is dropped whole is at most that much too old."""
        return self._period_ms or max(DAY_MS, horizon_ms // PERIODS)

    def _number(self) -> int:
        assert self._current is not None, "no period is open: turn() comes first"
        return self._current[0]

    def _since_current(self) -> int:
        return self._current[1] if self._current else 0

    def _open(self, number: int, now_ms: int) -> None:
        self._connection.execute(IDENTITY_TABLE.format(no=number))
        self._connection.execute(
            "INSERT INTO identity_period (no, since_ms) VALUES (?, ?)", (number, now_ms)
        )
        self._current = (number, now_ms)

    def _close(self) -> None:
        number, since_ms = self._current or (0, 0)
        greatest = next(
            self._connection.execute(
                f"SELECT coalesce(max(event_id), '') FROM identity_{number}"
            )
        )[0]
        self._connection.execute(
            "UPDATE identity_period SET event_id_max = ? WHERE no = ?",
            (greatest, number),
        )
        self._closed.append((number, since_ms, greatest))

    def _drop(self, number: int) -> None:
        self._connection.execute(f"DROP TABLE identity_{number}")
        self._connection.execute("DELETE FROM identity_period WHERE no = ?", (number,))
