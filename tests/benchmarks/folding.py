"""How much the fold costs: `python -m tests.benchmarks.folding [--messages N]`.

Prints microseconds of CPU a message, for the whole fold and by stage.
"""

import argparse
import cProfile
import pstats
import random
import tempfile
import time
from pathlib import Path

import msgspec

from gateway.clock import SteppedClock
from gateway.journal.memory import MemoryJournal
from gateway.ledger.store import Store, connect
from gateway.ports import Record, RecordKind
from gateway.processing.fold import Fold
from gateway.processing.state import State
from gateway.sealing import Keyring

DEVICES = 1_000
BLOCK = 500
START_MS = 1_795_000_000_000


def uuid7(dice: random.Random, at_ms: int) -> str:
    tail = f"{dice.getrandbits(74):019x}"
    digits = f"{at_ms:012x}7{tail[:3]}8{tail[3:18]}"
    return "-".join(
        (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32])
    )


def payloads(messages: int, dice: random.Random) -> list[Record]:
    records = []
    seqs: dict[str, int] = {}
    for number in range(messages):
        at_ms = START_MS + number // 20
        device = f"dev-{dice.randrange(DEVICES):04d}"
        seqs[device] = seq = seqs.get(device, 0) + 1
        body = {
            "v": 1,
            "event_id": uuid7(dice, at_ms),
            "device_id": device,
            "seq": seq,
            "occurred_at": "2026-11-18T11:06:40.123+08:00",
            "level": dice.randint(1, 5),
            "session_id": f"S{number:09d}",
            "employee_id": f"{int(device[4:]):05d}",
        }
        records.append(
            Record(
                RecordKind.MESSAGE,
                f"evaluators/v1/{device}/rating",
                msgspec.json.encode(body),
                at_ms,
            )
        )
    return records


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--blocks", type=int, default=8, help="blocks a transaction")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    clock = SteppedClock(START_MS)
    ring = Keyring({1: bytes(32)})
    journal = MemoryJournal(clock, ring)
    rules = b'{"rules":{"unknown_devices":"approve"}}'
    journal.append([Record(RecordKind.ACT, "rules_applied", rules, START_MS)])
    records = payloads(options.messages, random.Random(1))
    for start in range(0, len(records), BLOCK):
        journal.append(records[start : start + BLOCK])
        clock.advance(25)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(connect(Path(folder) / "ledger.db"), 30 * 86_400_000)
        fold = Fold(State(store, ring))
        profile = cProfile.Profile()
        if options.profile:
            profile.enable()
        start_s = time.process_time()
        while blocks := journal.blocks(fold.state.block, options.blocks):
            fold.blocks(blocks)
        spent_s = time.process_time() - start_s
        profile.disable()
        cost_us = spent_s / options.messages * 1e6
        print(f"{cost_us:.2f} us a message", fold.state.fates)  # noqa: T201 -- the report
        if options.profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(28)
        store.close()


if __name__ == "__main__":
    main()
