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
from gateway.events import rfc3339
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


class Terminals:
    """A thousand of them, one press each in turn as the dice fall."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._seqs: dict[str, int] = {}
        self._pressed = 0

    def press(self, messages: int) -> list[Record]:
        return [self._press() for _ in range(messages)]

    def _press(self) -> Record:
        dice, number = self._dice, self._pressed
        self._pressed += 1
        at_ms = START_MS + number // 20
        device = f"dev-{dice.randrange(DEVICES):04d}"
        self._seqs[device] = seq = self._seqs.get(device, 0) + 1
        body = {
            "v": 1,
            "event_id": uuid7(dice, at_ms),
            "device_id": device,
            "seq": seq,
            "occurred_at": rfc3339(at_ms),
            "level": dice.randint(1, 5),
            "session_id": f"S{number:09d}",
            "employee_id": f"{int(device[4:]):05d}",
        }
        topic = f"evaluators/v1/{device}/rating"
        payload = msgspec.json.encode(body)
        return Record(RecordKind.MESSAGE, topic, payload, at_ms)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000, help="a round")
    parser.add_argument("--rounds", type=int, default=1, help="on the same ledger")
    parser.add_argument("--blocks", type=int, default=8, help="blocks a transaction")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    clock = SteppedClock(START_MS)
    ring = Keyring({1: bytes(32)})
    journal = MemoryJournal(clock, ring)
    rules = b'{"rules":{"unknown_devices":"approve"}}'
    journal.append([Record(RecordKind.ACT, "rules_applied", rules, START_MS)])
    terminals = Terminals(random.Random(1))
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        store = Store(connect(path), 30 * 86_400_000)
        fold = Fold(State(store, ring))
        for number in range(1, options.rounds + 1):
            records = terminals.press(options.messages)
            for start in range(0, len(records), BLOCK):
                journal.append(records[start : start + BLOCK])
                clock.advance(25)
            if options.profile:
                profile.enable()
            spent_s = folded(fold, journal, options.blocks)
            profile.disable()
            cost_us = spent_s / options.messages * 1e6
            held = sum(file.stat().st_size for file in Path(folder).iterdir())
            held //= number * options.messages
            print(  # noqa: T201 -- the report
                f"{number * options.messages:,}: {cost_us:.2f} us a message,"
                f" {held} bytes a rating"
            )
        store.close()
    if options.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(28)


def folded(fold: Fold, journal: MemoryJournal, blocks: int) -> float:
    """Seconds of CPU to fold what is new."""
    start_s = time.process_time()
    while new := journal.blocks(fold.state.block, blocks):
        fold.blocks(new)
    return time.process_time() - start_s


if __name__ == "__main__":
    main()
