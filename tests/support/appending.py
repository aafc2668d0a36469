"""A process that appends blocks until something kills it, and says what it had."""

import sys
from pathlib import Path

from gateway.clock import SystemClock
from gateway.journal.opening import open_journal
from gateway.ports import Record, RecordKind
from gateway.sealing import open_keyring


def main(directory: Path, blocks: int) -> None:
    keyring = open_keyring(directory / "keyring")
    clock = SystemClock()
    journal = open_journal(directory / "journal.db", keyring, clock).journal
    for n in range(blocks):
        record = Record(RecordKind.MESSAGE.value, "t", b"%d" % n, clock.wall_ms())
        header = journal.append([record])
        sys.stdout.write(f"{header.number} {header.chain.hex()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
