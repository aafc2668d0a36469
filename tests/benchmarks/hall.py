"""A data directory with a month behind it: many devices, millions of ratings.

    python -m tests.benchmarks.hall DIRECTORY --devices 10000 --ratings 5000000

What a console has to show of a large customer: `evalgate run --config
DIRECTORY/gateway.toml` goes on from it. The journal is a real one, the ledger what the
fold makes of it; every device is born and beats within the last hour.
"""

import argparse
import base64
import random
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import msgspec

from gateway.clock import SteppedClock
from gateway.journal.sqlite import SqliteJournal, SqliteJournalReader
from gateway.ledger.store import Store, connect
from gateway.ports import Record, RecordKind
from gateway.processing.applying import FOLD_VERSION
from gateway.processing.fold import Fold
from gateway.processing.state import State
from tests.benchmarks.folding import uuid7
from tests.support.journals import KEYRING, Directory

SITES: Final = 40
DEPARTMENTS: Final = 400
DAYS: Final = 30
OPENS, CLOSES = 8, 18
LEVELS: Final = (5, 5, 5, 5, 4, 4, 4, 3, 2, 1)
BLOCK: Final = 500
ROWS: Final = 500
ZONE: Final = timezone(timedelta(hours=8))
_COMMENT_EVERY: Final = 50
_HOUR_MS: Final = 3_600_000


class Hall:
    """Writes the journal by a stepped clock that ends now, folding as it goes."""

    def __init__(self, root: Path, devices: int, seed: int) -> None:
        data = root / "data"
        (data / "run").mkdir(parents=True)
        (root / "gateway.toml").write_text(
            '[broker]\nurl = "mqtt://127.0.0.1:1883"\n', "utf-8"
        )
        keyring = root / "keyring"
        keyring.write_text(f"1 {base64.b64encode(bytes(32)).decode()}\n", "ascii")
        keyring.chmod(0o600)
        self._now_ms = time.time_ns() // 1_000_000
        self._directory = Directory(data)
        start = datetime.fromtimestamp(self._now_ms / 1000, ZONE) - timedelta(DAYS)
        self._midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        start_ms = int(self._midnight.timestamp() * 1000)
        self._directory.clock = SteppedClock(start_ms)
        self._journal: SqliteJournal = self._directory.open().journal
        self._store = Store(connect(data / "ledger.db"))
        self._fold = Fold(State(self._store, KEYRING))
        self._reader = SqliteJournalReader.open(data / "journal.db", KEYRING)
        self._devices, self._dice = devices, random.Random(seed)
        self._seqs = [0] * devices

    def organise(self) -> None:
        """Sites, departments, windows, employees and every device at its window."""
        self._act("rules_applied", {"rules": {"unknown_devices": "approve"}})
        self._act("gateway_started", {"fold_version": FOLD_VERSION})
        self._act("link_down", {"reason": "none"})  # their silence proves nothing
        zone = "Asia/Shanghai"
        sites = [
            {"id": f"site-{no:02d}", "name": f"营业厅 {no:02d}", "time_zone": zone}
            for no in range(SITES)
        ]
        self._put("sites", sites)
        departments = [
            {"id": f"dep-{no:03d}", "site": f"site-{no % SITES:02d}"}
            for no in range(DEPARTMENTS)
        ]
        self._put("departments", departments)
        numbers = range(self._devices)
        self._put("windows", [{"id": f"w{no}", **_place(no)} for no in numbers])
        self._put("employees", [{"id": f"e{no}"} for no in numbers])
        for start in range(0, self._devices, BLOCK):
            part = range(start, min(start + BLOCK, self._devices))
            self._take([self._device(no) for no in part])

    def rate(self, ratings: int) -> None:
        """A month's, in the order of time, the last in this hour."""
        hours = list(self._hours())
        each = ratings // len(hours)
        for of, begin in enumerate(hours):
            begin_ms = int(begin.timestamp() * 1000)
            span_ms = min(3_600_000, self._now_ms - begin_ms)
            for start in range(0, each, BLOCK):
                part = range(start, min(start + BLOCK, each))
                times = [begin_ms + number * span_ms // each for number in part]
                self._advance(times[-1])
                self._take([self._rating(at_ms, of) for at_ms in times])

    def wake(self) -> None:
        """Every device is born and beats, as this hour has it."""
        self._advance(self._now_ms)
        self._act("link_up", {"session_present": True})
        for start in range(0, self._devices, BLOCK):
            part = range(start, min(start + BLOCK, self._devices))
            self._take(
                [self._message(no, "presence", _birth(no), self._now_ms) for no in part]
            )
            self._take(
                [self._message(no, "heartbeat", _beat(no), self._now_ms) for no in part]
            )

    def counts(self) -> str:
        """What the ledger holds."""
        tables = ("device", "registry_row", "rating", "session", "alert")
        held = []
        for name in tables:
            ((count,),) = self._store.all(f"SELECT count(*) FROM {name}")
            held.append(f"{name} {count:,}")
        return ", ".join(held)

    def close(self) -> None:
        self._reader.close()
        self._store.close()
        self._directory.close()

    def _hours(self) -> Iterator[datetime]:
        for day in range(DAYS + 1):
            for hour in range(OPENS, CLOSES):
                begin = self._midnight + timedelta(days=day, hours=hour)
                if begin.timestamp() * 1000 < self._now_ms:
                    yield begin

    def _rating(self, at_ms: int, of: int) -> Record:
        no = self._dice.randrange(self._devices)
        self._seqs[no] = seq = self._seqs[no] + 1
        body = {
            "v": 1,
            "event_id": uuid7(self._dice, at_ms),
            "seq": seq,
            "occurred_at": datetime.fromtimestamp(at_ms / 1000, ZONE).isoformat(),
            "level": self._dice.choice(LEVELS),
            "session_id": f"S{of}-{seq}-{no}",
            "employee_id": f"e{no}",
        }
        if seq % _COMMENT_EVERY == 0:
            body["comment"] = "服务很好"
        return self._message(no, "rating", body, at_ms)

    def _device(self, no: int) -> Record:
        row = {"device_id": _name(no), "window": f"w{no}", "model": "E5", **_place(no)}
        del row["department"]
        return self._record(RecordKind.ACT, "device_put", {"device": row})

    def _put(self, table: str, rows: list[dict[str, str]]) -> None:
        for start in range(0, len(rows), ROWS):
            act = {"author": "hall", "table": table, "rows": rows[start : start + ROWS]}
            self._act("registry_put", act)

    def _act(self, name: str, data: Mapping[str, object]) -> None:
        self._take([self._record(RecordKind.ACT, name, data)])

    def _record(self, kind: RecordKind, topic: str, data: object) -> Record:
        payload = msgspec.json.encode(data)
        return Record(kind.value, topic, payload, self._directory.clock.wall_ms())

    def _message(self, no: int, channel: str, body: object, at_ms: int) -> Record:
        topic = f"evaluators/v1/{_name(no)}/{channel}"
        payload = msgspec.json.encode(body)
        return Record(RecordKind.MESSAGE.value, topic, payload, at_ms)

    def _take(self, records: list[Record]) -> None:
        self._journal.append(records)
        while blocks := self._reader.blocks(self._fold.state.block, 8):
            self._fold.blocks(blocks)

    def _advance(self, until_ms: int) -> None:
        """Let time pass, an hour at most without a block."""
        clock = self._directory.clock
        while (left_ms := until_ms - clock.wall_ms()) > 0:
            clock.advance(min(left_ms, _HOUR_MS))
            if left_ms > _HOUR_MS:
                self._take([])


def _birth(no: int) -> dict[str, object]:
    return {"v": 1, "state": "online", "conn_id": f"c-{no}", "firmware": "3.2.1"}


def _beat(no: int) -> dict[str, object]:
    return {
        "v": 1,
        "conn_id": f"c-{no}",
        "battery_pct": 20 + no % 80,
        "rssi_dbm": -50 - no % 40,
    }


def _name(no: int) -> str:
    return f"dev-{no:05d}"


def _place(no: int) -> dict[str, str]:
    return {
        "site": f"site-{no % SITES:02d}",
        "department": f"dep-{no % DEPARTMENTS:03d}",
    }


def say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)  # noqa: T201 -- the report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.hall")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--ratings", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    hall = Hall(asked.directory, asked.devices, asked.seed)
    hall.organise()
    hall.rate(asked.ratings)
    hall.wake()
    say(hall.counts())
    hall.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
