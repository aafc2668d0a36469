"""What a message costs on its way into the journal, by stage.

`python -m tests.benchmarks.journal --blocks 300 --records 500`; microseconds a
message, the best of five rounds for the stages, the whole run for the append.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import msgspec
import zstandard

from gateway.clock import SystemClock
from gateway.journal.block import COMPRESSION_LEVEL, BlockCodec, following
from gateway.journal.damage import walk
from gateway.journal.opening import open_journal
from gateway.journal.sqlite import SqliteJournalReader
from gateway.journal.table import BlockTable
from gateway.ports import Record, RecordKind
from gateway.sealing import Keyring

ROUNDS = 5
REPEATS = 40


def rating(n: int, dice: random.Random) -> Record:
    """A rating of some 250 bytes, as terminals send them."""
    device = f"hall-{n % 1000:04}"
    rating = {
        "v": 1,
        "event_id": str(uuid.UUID(int=dice.getrandbits(128))),
        "device_id": device,
        "seq": n,
        "occurred_at": f"2026-11-21T08:{n % 60:02}:{n % 59:02}.{n % 1000:03}+08:00",
        "level": dice.randint(1, 5),
        "session_id": f"A{n:09}",
        "employee_id": f"E{dice.randrange(300):04}",
        "boot_id": f"{dice.getrandbits(32):08x}",
        "uptime_ms": n * 977,
    }
    payload = json.dumps(rating, separators=(",", ":")).encode()
    topic = f"evaluators/v1/{device}/rating"
    return Record(RecordKind.MESSAGE.value, topic, payload, 1_795_000_000_000 + n)


def best_us(step: Callable[[], object], messages: int) -> float:
    """Microseconds of one `step` a message: the best round."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(REPEATS):
            step()
        rounds.append((time.perf_counter() - start) / REPEATS)
    return min(rounds) * 1e6 / messages


def stages(records: list[Record]) -> dict[str, float]:
    """Pack, compress, seal, header; then the whole body, and reading it."""
    keyring = Keyring({1: os.urandom(32)})
    codec = BlockCodec(keyring)
    packed = msgspec.msgpack.encode(records)
    compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)
    compressed = compressor.compress(packed)
    body = codec.body(1, 1, records)

    def header() -> object:
        return following(
            None,
            number=1,
            generation=1,
            first_message=0,
            records=records,
            appended_ms=0,
            flags=0,
            key_id=1,
            body=body,
        )

    made = following(
        None,
        number=1,
        generation=1,
        first_message=0,
        records=records,
        appended_ms=0,
        flags=0,
        key_id=1,
        body=body,
    )
    encoder = msgspec.msgpack.Encoder()
    steps: dict[str, Callable[[], object]] = {
        "pack": lambda: encoder.encode(records),
        "compress": lambda: compressor.compress(packed),
        "seal": lambda: keyring.seal(compressed, b""),
        "digest": lambda: hashlib.sha256(body).digest(),
        "header": header,
        "body": lambda: codec.body(1, 1, records),
        "open": lambda: codec.records(made, body),
    }
    figures = {name: best_us(step, len(records)) for name, step in steps.items()}
    figures["payload_bytes"] = sum(len(r.payload) for r in records) / len(records)
    figures["body_bytes"] = len(body) / len(records)
    return figures


def appends(records: list[Record], blocks: int) -> dict[str, float]:
    """Appends with real syncs; then reading and checking what was written."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "journal.db"
        keyring = Keyring({1: os.urandom(32)})
        journal = open_journal(path, keyring, SystemClock()).journal
        times, start_cpu = [], time.process_time()
        for _ in range(blocks):
            start = time.perf_counter()
            journal.append(records)
            times.append(time.perf_counter() - start)
        cpu_s = time.process_time() - start_cpu
        figures = {
            "append_cpu": cpu_s * 1e6 / blocks / len(records),
            "append_wall": sum(times) * 1e6 / blocks / len(records),
            "append_ms_p50": sorted(times)[blocks // 2] * 1e3,
            "append_ms_p99": sorted(times)[blocks * 99 // 100] * 1e3,
        }
        reader = SqliteJournalReader.open(path, keyring)
        start_cpu, after = time.process_time(), 0
        while found := reader.blocks(after, 16):
            after = found[-1].header.number
        figures["read_cpu"] = (
            (time.process_time() - start_cpu) * 1e6 / blocks / len(records)
        )
        reader.close()
        journal.close()
        table = BlockTable.reading(path)
        start_cpu = time.process_time()
        assert not list(walk(table.headers(), None))
        figures["header_check_us_a_block"] = (
            (time.process_time() - start_cpu) * 1e6 / blocks
        )
        table.close()
        figures["disk_bytes"] = path.stat().st_size / blocks / len(records)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=300)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    records = [rating(n, dice) for n in range(arguments.records)]
    figures = stages(records) | appends(records, arguments.blocks)
    for name, value in figures.items():
        sys.stdout.write(f"{name:24} {value:10.3f}\n")


if __name__ == "__main__":
    main()
