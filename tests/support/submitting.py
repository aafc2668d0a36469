"""A process that takes submissions into a journal until a crash point kills it."""

import asyncio
import sys
from pathlib import Path

from gateway.clock import SystemClock
from gateway.ipc.intake import serving
from gateway.journal.opening import open_journal
from gateway.ports import Record
from gateway.sealing import open_keyring


async def main(root: Path) -> None:
    path = root / "data" / "journal.db"
    journal = open_journal(path, open_keyring(root / "keyring"), SystemClock()).journal

    async def submit(records: list[Record]) -> tuple[int, int, int]:
        return 1, journal.append(records).number, 0

    async with serving(root / "ingest.sock", submit):
        sys.stdout.write("taking\n")
        sys.stdout.flush()
        await asyncio.sleep(30)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
