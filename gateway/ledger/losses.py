"""Gaps in the numbers of a device, each with the hour in which it came to light."""

from typing import NamedTuple

from gateway.ledger.store import Store


class Loss(NamedTuple):
    """Numbers from `low` to `high`, counted under `key`.

    `former` counts the epochs that began since: those gave the same numbers out again.
    """

    no: int
    low: int
    high: int
    key: int
    former: int = 0


class Losses:
    """The table `loss`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, device_no: int, low: int, high: int, key: int, former: int) -> None:
        self._store.run(
            "INSERT INTO loss (device_no, low, high, key, former)"
            " VALUES (?, ?, ?, ?, ?)",
            (device_no, low, high, key, former),
        )

    def begin_anew(self, device_no: int) -> None:
        """The numbers of a device do."""
        self._store.run(
            "UPDATE loss SET former = former + 1 WHERE device_no = ?", (device_no,)
        )

    def around(self, device_no: int, seq: int, former: int) -> Loss | None:
        """The gap of an epoch that a number lies in; else the oldest.

        A ledger may be older than the ages of epochs.
        """
        row = self._store.one(
            "SELECT no, low, high, key, former FROM loss INDEXED BY loss_device"
            " WHERE device_no = ? AND low <= ? AND high >= ?"
            " ORDER BY former <> ?, no LIMIT 1",
            (device_no, seq, seq, former),
        )
        return None if row is None else Loss._make(row)

    def close(self, loss: Loss) -> None:
        self._store.run("DELETE FROM loss WHERE no = ?", (loss.no,))

    def keep(self, device_no: int, newest: int) -> None:
        """Forget all gaps of a device but the newest: those stay lost for good."""
        self._store.run(
            "DELETE FROM loss WHERE no IN (SELECT no FROM loss WHERE device_no = ?"
            " ORDER BY no DESC LIMIT -1 OFFSET ?)",
            (device_no, newest),
        )
