"""Alerts, their history, who was told of them, and when nobody is."""

import json
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gateway.ledger.store import Store

ALERTS_MAX: Final = 100_000
"""Alerts kept: of more, those that were resolved go, the oldest first."""
CHANGES_MAX: Final = 200
"""Changes kept of one alert: of more, the first ones stay and the count goes on."""
_PRUNE_EVERY: Final = 1_000
_COLUMNS: Final = (
    "id, cause, subject, device_id, site, severity, text, opened_ms,"
    " coalesce(since_ms, opened_ms), muted_ms, resolved_ms, state, confirmed_by,"
    " closed"
)


class OpenAlert(NamedTuple):
    id: int
    cause: str
    subject: str
    version: int


class Alert(NamedTuple):
    """`since_ms`: from when it stands unconfirmed; `closed`: a person resolved it."""

    id: int
    cause: str
    subject: str
    device_id: str | None
    site: str | None
    severity: str
    text: str
    opened_ms: int
    since_ms: int
    muted_ms: int | None
    resolved_ms: int | None
    state: str
    confirmed_by: str | None
    closed: int


class Window(NamedTuple):
    """A maintenance window of a device, or of a site with those below it."""

    id: int
    device_id: str | None
    site: str | None
    from_ms: int
    until_ms: int


class AlertBooks:
    """The tables `alert`, `alert_change`, `alert_notice`, `maintenance_window`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def standing(self) -> list[OpenAlert]:
        return [
            OpenAlert(*row)
            for row in self._store.all(
                "SELECT id, cause, subject, version FROM alert"
                " WHERE resolved_ms IS NULL ORDER BY id"
            )
        ]

    def alert(self, alert_id: int) -> Alert | None:
        row = self._store.one(f"SELECT {_COLUMNS} FROM alert WHERE id = ?", (alert_id,))
        return None if row is None else Alert(*row)

    def latest(self, cause: str, subject: str) -> Alert | None:
        """The newest alert of this cause about this subject."""
        row = self._store.one(
            f"SELECT {_COLUMNS} FROM alert WHERE cause = ? AND subject = ?"
            " ORDER BY id DESC LIMIT 1",
            (cause, subject),
        )
        return None if row is None else Alert(*row)

    def open(  # noqa: PLR0913, PLR0917 -- the columns of one row
        self,
        cause: str,
        subject: str,
        device_id: str | None,
        site: str | None,
        severity: str,
        text: str,
        now_ms: int,
    ) -> int:
        row = self._store.one(
            "INSERT INTO alert (cause, subject, device_id, site, severity, text,"
            " opened_ms, last_ms, state, count, version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', 1, 1) RETURNING id",
            (cause, subject, device_id, site, severity, text, now_ms, now_ms),
        )
        assert row is not None
        alert_id = int(row[0])
        if alert_id % _PRUNE_EVERY == 0:
            self._prune(alert_id - ALERTS_MAX)
        return alert_id

    def reopen(self, alert_id: int, state: str, text: str, now_ms: int) -> None:
        self._store.run(
            "UPDATE alert SET resolved_ms = NULL, state = ?, text = ?, last_ms = ?,"
            " since_ms = ?, count = count + 1, version = version + 1 WHERE id = ?",
            (state, text, now_ms, now_ms, alert_id),
        )

    def group(self, alert_id: int, devices: Sequence[str]) -> None:
        """Name the devices that an alert of a site is about."""
        self._store.run(
            "UPDATE alert SET devices = ? WHERE id = ?", (json.dumps(devices), alert_id)
        )

    def repeat(self, alert_id: int, text: str, now_ms: int) -> None:
        self._store.run(
            "UPDATE alert SET count = count + 1, last_ms = ?, text = ? WHERE id = ?",
            (now_ms, text, alert_id),
        )

    def move(self, alert_id: int, state: str, confirmed_by: str | None) -> None:
        self._store.run(
            "UPDATE alert SET state = ?, version = version + 1,"
            " confirmed_by = coalesce(?, confirmed_by) WHERE id = ?",
            (state, confirmed_by, alert_id),
        )

    def wait_from(self, alert_id: int, since_ms: int, muted_ms: int | None) -> None:
        """Patience counts from here on; nobody is told before `muted_ms`."""
        self._store.run(
            "UPDATE alert SET since_ms = ?, muted_ms = ? WHERE id = ?",
            (since_ms, muted_ms, alert_id),
        )

    def resolve(self, alert_id: int, now_ms: int, *, closed: bool = False) -> None:
        self._store.run(
            "UPDATE alert SET resolved_ms = ?, last_ms = ?, state = 'resolved',"
            " muted_ms = NULL, closed = ?, version = version + 1 WHERE id = ?",
            (now_ms, now_ms, int(closed), alert_id),
        )

    def note(
        self,
        alert_id: int,
        at_ms: int,
        what: str,
        author: str | None = None,
        text: str | None = None,
    ) -> None:
        """Add to the history of an alert."""
        self._store.run(
            "INSERT INTO alert_change SELECT ?, coalesce(max(no), 0) + 1, ?, ?, ?, ?"
            " FROM alert_change WHERE alert_id = ? HAVING count(*) < ?",
            (alert_id, at_ms, what, author, text, alert_id, CHANGES_MAX),
        )

    def told(self, alert_id: int) -> dict[str, str]:
        """How far each recipient was told of an alert."""
        rows = self._store.all(
            "SELECT recipient, state FROM alert_notice WHERE alert_id = ?", (alert_id,)
        )
        return dict(rows)

    def forget_told(self, alert_id: int) -> None:
        """All may be told of it anew."""
        self._store.run("DELETE FROM alert_notice WHERE alert_id = ?", (alert_id,))

    def tell(
        self, alert_ids: Iterable[int], recipient: str, at_ms: int, state: str
    ) -> None:
        self._store.many(
            "INSERT OR REPLACE INTO alert_notice VALUES (?, ?, ?, ?)",
            [(alert_id, recipient, at_ms, state) for alert_id in alert_ids],
        )

    def told_since(self, recipient: str, since_ms: int, limit: int) -> int:
        """How many alerts a recipient was told of since then, up to `limit`."""
        row = self._store.one(
            "SELECT count(*) FROM (SELECT 1 FROM alert_notice WHERE recipient = ?"
            " AND state = 'told' AND at_ms > ? LIMIT ?)",
            (recipient, since_ms, limit),
        )
        return 0 if row is None else int(row[0])

    def waiting(self, recipient: str) -> list[Alert]:
        """What a recipient is to be told of together, the oldest first."""
        return self._of_recipient(recipient, "waiting", "")

    def cleared(self, recipient: str, before_ms: int) -> list[Alert]:
        """What a recipient was told of, and is resolved since before then."""
        return self._of_recipient(recipient, "told", " AND resolved_ms <= ?", before_ms)

    def _of_recipient(
        self, recipient: str, state: str, more: str, *values: int
    ) -> list[Alert]:
        rows = self._store.all(
            f"SELECT {_COLUMNS} FROM alert WHERE id IN (SELECT alert_id FROM"
            " alert_notice WHERE recipient = ? AND state = ?)"
            f"{more} ORDER BY id",
            (recipient, state, *values),
        )
        return [Alert(*row) for row in rows]

    def add_window(self, window: Window, reason: str | None, author: str) -> Window:
        row = self._store.one(
            "INSERT INTO maintenance_window (device_id, site, from_ms, until_ms,"
            " reason, author) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            (*window[1:], reason, author),
        )
        assert row is not None
        return window._replace(id=int(row[0]))

    def end_window(self, window_id: int, now_ms: int) -> None:
        self._store.run(
            "UPDATE maintenance_window SET until_ms = ? WHERE id = ?",
            (now_ms, window_id),
        )

    def windows(self, at_ms: int) -> list[Window]:
        """Windows that are not over then."""
        rows = self._store.all(
            "SELECT id, device_id, site, from_ms, until_ms FROM maintenance_window"
            " WHERE until_ms > ? ORDER BY id",
            (at_ms,),
        )
        return [Window(*row) for row in rows]

    def _prune(self, upto: int) -> None:
        if upto <= 0:
            return
        self._store.run(
            "DELETE FROM alert WHERE id <= ? AND resolved_ms IS NOT NULL", (upto,)
        )
        for table in ("alert_change", "alert_notice"):
            self._store.run(
                f"DELETE FROM {table} WHERE alert_id <= ?"
                " AND alert_id NOT IN (SELECT id FROM alert WHERE id <= ?)",
                (upto, upto),
            )
