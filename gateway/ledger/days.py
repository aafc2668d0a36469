"""Days of devices and of sites: what was counted, and the records of day's ends."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.acts import SinkCount
from gateway.ledger.losses import Loss
from gateway.ledger.store import Store
from gateway.ratings.reconciliation import SinkDay

ROWS_BEFORE_MAX: Final = 8
"""Rows of a device before a day that its counters may span."""


class DayRow(NamedTuple):
    """A row of `device_day`."""

    device_no: int
    day: int
    accepted: int = 0
    other: int = 0
    duplicate: int = 0
    pressed: int | None = None
    exact: bool = True
    spanned: int = 0
    taken: int = 0
    seq_to: int | None = None


class KeptBack(NamedTuple):
    """What lies in quarantine: `waiting`, `purged`, and of both the `unnumbered`."""

    waiting: int = 0
    purged: int = 0
    unnumbered: int = 0


class DeviceDays:
    """The table `device_day`, and what else is known of a device's day."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, rows: Iterable[tuple[int, ...]]) -> None:
        """Count more: device_no, day, accepted, other, duplicate."""
        self._store.many(
            "INSERT INTO device_day (device_no, day, accepted, other, duplicate)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " accepted = accepted + excluded.accepted, other = other + excluded.other,"
            " duplicate = duplicate + excluded.duplicate",
            rows,
        )

    def close(self, row: DayRow) -> None:
        """Keep what counters told of a day that is over; its counts stay."""
        values = (row.device_no, row.day, row.pressed, row.exact, row.spanned)
        self._store.run(
            "INSERT INTO device_day (device_no, day, pressed, exact, spanned, seq_to)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " pressed = excluded.pressed, exact = excluded.exact,"
            " spanned = excluded.spanned, seq_to = excluded.seq_to",
            (*values, row.seq_to),
        )

    def take(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """What records took of spans: taken, device_no, day."""
        self._store.many(
            "UPDATE device_day SET taken = ? WHERE device_no = ? AND day = ?", rows
        )

    def forget_numbers(self, device_no: int) -> None:
        """A device counts anew: numbers that it told before compare with nothing."""
        self._store.run(
            "UPDATE device_day SET seq_to = NULL WHERE device_no = ?", (device_no,)
        )

    def forget(self, devices: Iterable[int], before: int) -> None:
        self._store.many(
            "DELETE FROM device_day WHERE device_no = ? AND day < ?",
            [(device_no, before) for device_no in devices],
        )

    def rows(self, devices: Sequence[int], day: int) -> dict[int, list[DayRow]]:
        """Each device's rows up to a day, the newest first."""
        found: defaultdict[int, list[DayRow]] = defaultdict(list)
        for row in self._store.each(
            "SELECT device_no, day, accepted, other, duplicate, pressed, exact,"
            " spanned, taken, seq_to FROM device_day WHERE device_no = ? AND day <= ?"
            f" ORDER BY day DESC LIMIT {ROWS_BEFORE_MAX}",
            [(device_no, day) for device_no in devices],
        ):
            one = DayRow(*row)
            found[one.device_no].append(one._replace(exact=bool(one.exact)))
        return found

    def flagged(
        self, devices: Iterable[int], from_ms: int, to_ms: int
    ) -> dict[int, int]:
        """How many ratings of each device carry a flag; defaults are nobody's."""
        rows = self._store.each(
            "SELECT device_no, count(*) FROM rating WHERE flags IS NOT NULL"
            " AND device_no = ? AND occurred_ms >= ? AND occurred_ms < ?"
            " AND place > 0 GROUP BY device_no",
            [(device_no, from_ms, to_ms) for device_no in devices],
        )
        return dict(rows)

    def kept_back(
        self, devices: Iterable[str], from_ms: int, to_ms: int
    ) -> dict[str, KeptBack]:
        """Messages of the channel `rating` in quarantine that came in this time."""
        rows = self._store.each(
            "SELECT device_id, sum(state <> 'purged'), sum(state = 'purged'),"
            " sum(seq IS NULL) FROM quarantine"
            " WHERE device_id = ? AND received_ms >= ? AND received_ms < ?"
            " AND state <> 'replayed' AND topic LIKE '%/rating' GROUP BY 1",
            [(device_id, from_ms, to_ms) for device_id in devices],
        )
        return {device_id: KeptBack(*counts) for device_id, *counts in rows}

    def kept_numbers(self, device_id: str, from_ms: int, to_ms: int) -> list[int]:
        """Numbers in quarantine, of any channel, that came in this time.

        Once for each event: a terminal that began anew gives its numbers again.
        """
        rows = self._store.all(
            "SELECT DISTINCT seq, event_id FROM quarantine"
            " WHERE device_id = ? AND received_ms >= ? AND received_ms < ?"
            " AND state <> 'replayed' AND seq IS NOT NULL ORDER BY seq",
            (device_id, from_ms, to_ms),
        )
        return [seq for seq, _ in rows]

    def losses(self, devices: Iterable[int]) -> dict[int, list[Loss]]:
        """The gaps of each device that are open."""
        found: defaultdict[int, list[Loss]] = defaultdict(list)
        for device_no, *loss in self._store.each(
            "SELECT device_no, no, low, high, key, former FROM loss"
            " WHERE device_no = ?",
            [(device_no,) for device_no in devices],
        ):
            found[device_no].append(Loss(*loss))
        return found


class SinkDays:
    """The table `sink_day`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, day: int, addressed: Mapping[str, int]) -> None:
        self._store.many(
            "INSERT OR IGNORE INTO sink_day (day, name, addressed) VALUES (?, ?, ?)",
            [(day, name, count) for name, count in sorted(addressed.items())],
        )

    def confirm(self, day: int, counts: Iterable[SinkCount]) -> None:
        self._store.many(
            "UPDATE sink_day SET delivered = ?, dead = ?, owed = ?"
            " WHERE day = ? AND name = ?",
            [(one.delivered, one.dead, one.owed, day, one.name) for one in counts],
        )

    def of(self, day: int) -> list[SinkDay]:
        rows = self._store.all(
            "SELECT name, addressed, delivered, dead, owed FROM sink_day"
            " WHERE day = ? ORDER BY name",
            (day,),
        )
        return [
            SinkDay(
                name=row[0],
                addressed=row[1],
                delivered=row[2],
                dead=row[3],
                owed=row[4],
            )
            for row in rows
        ]

    def newest(self, day: int) -> int | None:
        """The last day up to this one that was noted."""
        row = self._store.one("SELECT max(day) FROM sink_day WHERE day <= ?", (day,))
        return None if row is None else row[0]

    def forget(self, before: int) -> None:
        self._store.run("DELETE FROM sink_day WHERE day < ?", (before,))


class Recorded(NamedTuple):
    """A record of a site's day as it is kept."""

    version: int
    equal: bool
    data: str


class Reconciliations:
    """The table `reconciliation`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def spans(self) -> dict[str, tuple[int, int]]:
        """The first and the last recorded day of each site."""
        rows = self._store.all(
            "SELECT site, min(day), max(day) FROM reconciliation GROUP BY site"
        )
        return {site: (first, last) for site, first, last in rows}

    def of(self, site: str, day: int) -> Recorded | None:
        row = self._store.one(
            "SELECT version, equal, data FROM reconciliation"
            " WHERE day = ? AND site = ?",
            (day, site),
        )
        return None if row is None else Recorded(row[0], bool(row[1]), row[2])

    def keep(self, site: str, day: int, record: Recorded, at_ms: int) -> None:
        self._store.run(
            "INSERT INTO reconciliation (day, site, version, equal, at_ms, data)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (day, site) DO UPDATE SET"
            " version = excluded.version, equal = excluded.equal,"
            " at_ms = excluded.at_ms, data = excluded.data",
            (day, site, record.version, record.equal, at_ms, record.data),
        )

    def forget(self, before: int) -> bool:
        """Whether there was any."""
        sql = "DELETE FROM reconciliation WHERE day < ? RETURNING no"
        return bool(self._store.all(sql, (before,)))
