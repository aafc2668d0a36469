"""Cut the power of a journal many times and count the blocks it had promised.

`python -m tests.support.powercut_trials --trials 3000 --seed 1` runs the journal as
it is shipped; `--mutant sync_normal` takes its full sync away.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from gateway.clock import SteppedClock
from gateway.errors import JournalBrokenError
from gateway.journal import sqlite, table
from gateway.journal.mark import SLOT_BYTES
from gateway.journal.opening import open_journal
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ports import Header, Record, RecordKind
from gateway.sealing import Keyring
from tests.support.powercut import PowerCutVFS

KEYRING = Keyring({1: bytes(32)})
BLOCKS = 40
CHECKPOINT_PAGES = 12  # so that cuts fall into checkpoints and restarts of the log


@dataclass
class Tally:
    """What became of acknowledged blocks over all trials."""

    trials: int = 0
    acknowledged: int = 0
    lost: int = 0
    damaged: int = 0
    trials_with_loss: int = 0
    marks_ahead: int = 0


def run(trials: int, seed: int, synchronous: str = "FULL") -> Tally:
    """Cut `trials` times; everything follows from `seed`."""
    tally = Tally()
    with (
        patch.object(sqlite, "SYNCHRONOUS", synchronous),
        patch.object(table, "CHECKPOINT_PAGES", CHECKPOINT_PAGES),
    ):
        for trial in range(trials):
            with (
                tempfile.TemporaryDirectory() as before,
                tempfile.TemporaryDirectory() as after,
            ):
                dice = random.Random(f"{seed}/{trial}")
                _one(Path(before), Path(after), dice, tally)
    return tally


def _one(before: Path, after: Path, dice: random.Random, tally: Tally) -> None:
    acknowledged = _until_cut(before, after, dice)
    with _vfs("rebooted", PowerCutVFS("rebooted")):
        opened = open_journal(
            after / "journal.db",
            KEYRING,
            SteppedClock(),
            reserve_bytes=4096,
            vfs="rebooted",
        )
        reader = SqliteJournalReader.open(after / "journal.db", KEYRING)
        found = {b.header.number: b for b in reader.blocks(0, 2 * BLOCKS)}
        reader.close()
        opened.journal.close()
    blocks = [found.get(header.number) for header in acknowledged]
    lost = sum(
        block is None or block.header != header
        for block, header in zip(blocks, acknowledged, strict=True)
    )
    tally.trials += 1
    tally.acknowledged += len(acknowledged)
    tally.lost += lost
    tally.trials_with_loss += lost > 0
    tally.damaged += sum(damage.kind != "mark" for damage in opened.damages)
    tally.damaged += sum(
        block is not None and block.records is None for block in blocks
    )
    tally.marks_ahead += opened.gap is not None


def _until_cut(before: Path, after: Path, dice: random.Random) -> list[Header]:
    """Append until the power goes; the headers that append had returned."""
    vfs = PowerCutVFS("powercut")
    clock = SteppedClock()
    acknowledged: list[Header] = []
    with _vfs("powercut", vfs):
        journal = open_journal(
            before / "journal.db", KEYRING, clock, reserve_bytes=4096, vfs="powercut"
        ).journal
        vfs.cut_at = vfs.operations + dice.randrange(1, BLOCKS * 4)
        with suppress(JournalBrokenError):
            for _ in range(BLOCKS):
                clock.advance(dice.randrange(900))
                acknowledged.append(journal.append(_records(dice)))
        vfs.after_cut(after, dice)
        mark = (before / "journal.mark").read_bytes()
        (after / "journal.mark").write_bytes(_torn(mark, dice))
        vfs.cut_at = vfs.operations
        with suppress(JournalBrokenError):
            journal.close()
    return acknowledged


def _records(dice: random.Random) -> list[Record]:
    return [
        Record(RecordKind.MESSAGE.value, "t", dice.randbytes(dice.randrange(600)), n)
        for n in range(dice.randrange(12))
    ]


def _torn(mark: bytes, dice: random.Random) -> bytes:
    """Now and then a slot was being written."""
    if dice.random() < 3 / 4:
        return mark
    at = dice.choice([0, SLOT_BYTES])
    return mark[:at] + dice.randbytes(len(mark[at : at + 80])) + mark[at + 80 :]


@contextmanager
def _vfs(name: str, vfs: PowerCutVFS) -> Iterator[None]:
    """Keep the VFS registered while it is in use."""
    assert vfs.name == name
    yield
    vfs.unregister()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutant", choices=["sync_normal"])
    arguments = parser.parse_args()
    synchronous = "NORMAL" if arguments.mutant else "FULL"
    tally = run(arguments.trials, arguments.seed, synchronous)
    sys.stdout.write(json.dumps(vars(tally)) + "\n")
    return 1 if tally.lost or tally.damaged else 0


if __name__ == "__main__":
    sys.exit(main())
