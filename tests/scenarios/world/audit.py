"""What must always hold, checked as it happens and when all is quiet."""

from collections import Counter
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import apsw

from gateway.errors import JournalBrokenError, PermanentError
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ports import Receipt, RecordKind
from gateway.sealing import open_keyring
from tests.scenarios.world.broker import Message
from tests.scenarios.world.processes import keyring_of

if TYPE_CHECKING:
    from tests.scenarios.world.world import World

DETAILS_MAX: Final = 30

Key = tuple[str, bytes]


class Audit:
    """Counts violations by what was promised; knows the journal as a reader does."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._reader: SqliteJournalReader | None = None
        self._ledger: apsw.Connection | None = None
        self._read = 0
        self._journaled: Counter[Key] = Counter()
        self._acknowledged: Counter[Key] = Counter()
        self.receipted: set[tuple[str, str]] = set()
        self.violations: Counter[str] = Counter()
        self.details: list[str] = []

    def close(self) -> None:
        """Open no file any more, until the next question."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def violate(self, promise: str, detail: str) -> None:
        self.violations[promise] += 1
        self._world.note(f"VIOLATION: {promise}: {detail}")
        if len(self.details) < DETAILS_MAX:
            self.details.append(f"{promise}: {detail}")

    # ----- as it happens

    def acknowledged(self, message: Message) -> None:
        """The broker heard an acknowledgement: is the message in the journal?"""
        self._world.facts["acknowledgements"] += 1
        key = (message.topic, message.payload)
        self._acknowledged[key] += 1
        if self._acknowledged[key] > self._journaled[key]:
            self._read_on()
        if self._acknowledged[key] > self._journaled[key]:
            self.violate("acknowledged is journaled", repr(message.payload[:60]))

    def acknowledged_foreign(self, packet_id: int) -> None:
        self.violate("no foreign acknowledgement", f"packet id {packet_id}")

    def receipt_sent(self, receipt: Receipt) -> None:
        """A terminal is told: does the ledger know it?"""
        self.receipted |= {(receipt.device_id, name) for name in receipt.event_ids}
        self._world.facts["receipts"] += len(receipt.event_ids)
        for event_id in receipt.event_ids:
            if not self.kept(receipt.device_id, event_id):
                self.violate("receipted is kept", f"{receipt.device_id}:{event_id}")
        for what, _ in receipt.rejected:
            if not self._quarantined(receipt.device_id, what):
                self.violate("rejected is kept", f"{receipt.device_id}:{what}")

    def check_journal_after_cut(self) -> None:
        """Read all again: what was acknowledged must still be there."""
        self._read = 0
        self._journaled.clear()
        self._read_on()
        self._compare_journal("acknowledged survives a power cut")
        self.close()

    def _compare_journal(self, promise: str) -> None:
        lost = self._acknowledged - self._journaled
        for (_, payload), count in lost.items():
            self.violate(promise, f"{count} x {payload[:60]!r}")

    def _read_on(self) -> None:
        try:
            with self._world.outside():
                reader = self._reader or journal_reader(self._world.directory)
        except PermanentError:
            return  # there is none yet
        self._reader = reader
        with suppress(JournalBrokenError):
            while blocks := reader.blocks(self._read, 100):
                for header, records in blocks:
                    self._read = header.number
                    for record in records or ():
                        if record.kind == RecordKind.MESSAGE:
                            self._journaled[record.topic, record.payload] += 1

    # ----- the ledger, as any reader sees it

    def rows(self, sql: str, *values: object, file: str = "ledger.db") -> list[Any]:
        """What a read transaction finds; nothing while there are no tables."""
        path = self._world.directory / file
        try:
            if file != "ledger.db":
                return _once(path, sql, values)
            if self._ledger is None:
                with self._world.outside():
                    self._ledger = _reading(path)
            return list(self._ledger.execute(sql, values))
        except (apsw.CantOpenError, apsw.SQLError):
            return []

    def kept(self, device_id: str, event_id: str) -> bool:
        """Whether it is accepted, or held until its device is approved."""
        return bool(
            self.rows(
                "SELECT 1 FROM rating JOIN device ON device.no = rating.device_no"
                " WHERE device_id = ?1 AND event_id = ?2 UNION ALL"
                " SELECT 1 FROM quarantine WHERE device_id = ?1 AND event_id = ?2"
                " AND state = 'held'",
                device_id,
                event_id,
            )
        )

    def pending_devices(self) -> list[str]:
        sql = "SELECT device_id FROM device WHERE lifecycle = 'pending' ORDER BY no"
        return [device_id for (device_id,) in self.rows(sql)]

    def _quarantined(self, device_id: str, what: str) -> bool:
        rows = self.rows(
            "SELECT event_id, payload FROM quarantine WHERE device_id = ?", device_id
        )
        names = {event_id for event_id, _ in rows}
        names |= {f"sha256:{sha256(payload).hexdigest()}" for _, payload in rows}
        return what in names

    # ----- quiet

    def owed(self) -> dict[str, int]:
        """For each sink: addressed - delivered - dead."""
        addressed = dict(self.rows("SELECT name, events FROM sink_addressed"))
        sql = "SELECT name, delivered + dead FROM sink"
        settled = dict(self.rows(sql, file="delivery.db"))
        return {name: n - settled.get(name, 0) for name, n in addressed.items()}

    def is_quiet(self) -> bool:
        """Whether nobody owes anybody anything."""
        world = self._world
        if not world.broker.empty or not all(t.empty for t in world.terminals):
            return False
        if any(process.loop is None for process in world.processes.values()):
            return False
        waiting = "SELECT 1 FROM dead_letter WHERE state = 'replaying'"
        if self.pending_devices() or self.rows(waiting, file="delivery.db"):
            return False
        folded = dict(self.rows("SELECT name, value FROM state")).get("block")
        self._read_on()
        owed = self.owed()
        return folded == self._read and len(owed) == 4 and not any(owed.values())

    def never_quiet(self) -> None:
        world = self._world
        kept = [one.device_id for one in world.terminals if not one.empty]
        queue = "empty" if world.broker.empty else "not empty"
        text = f"owed {self.owed()}, kept by {kept}, the broker's queue {queue}"
        self.violate("all becomes quiet", text)

    def journal_totals(self) -> tuple[int, Counter[Key]]:
        """The newest block, and what the journal holds."""
        self._read_on()
        return self._read, self._journaled


def _once(path: Path, sql: str, values: tuple[object, ...]) -> list[Any]:
    connection = _reading(path)
    try:
        return list(connection.execute(sql, values))
    finally:
        connection.close()


def _reading(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)


def journal_reader(directory: Path) -> SqliteJournalReader:
    keyring = open_keyring(keyring_of(directory))
    return SqliteJournalReader.open(directory / "journal.db", keyring)
