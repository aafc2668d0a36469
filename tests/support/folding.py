"""A journal and the ledger it is folded into, without processes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from gateway.clock import SteppedClock
from gateway.journal.memory import MemoryJournal
from gateway.ledger.store import Store, connect
from gateway.ports import Record, RecordKind
from gateway.processing.fold import Fold
from gateway.processing.state import State
from gateway.sealing import Keyring

_DAY_MS: Final = 86_400_000
_START_MS: Final = 1_795_262_400_000


class FoldedLedger:
    """Appends records and folds them at once; a `Submitter` too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = SteppedClock(wall_ms=_START_MS)
        keyring = Keyring({1: bytes(32)})
        self.journal = MemoryJournal(self.clock, keyring)
        self._store = Store(connect(path), 30 * _DAY_MS)
        self._fold = Fold(State(self._store, keyring))

    def close(self) -> None:
        self._store.close()

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        return self.append(records)

    def append(self, records: Sequence[Record]) -> tuple[int, int, int]:
        """Where the first of the records stands."""
        header = self.journal.append(records)
        self._fold.blocks(self.journal.blocks(self._fold.state.block, 8))
        self.clock.advance(25)
        return header.generation, header.number, 0

    def act(self, name: str, data: Mapping[str, object]) -> None:
        now_ms = self.clock.wall_ms()
        payload = msgspec.json.encode(data)
        self.append([Record(RecordKind.ACT, name, payload, now_ms)])

    def publish(self, device_id: str, *elements: Mapping[str, object] | bytes) -> None:
        """Ratings as a terminal sends them, one message each; bytes go as they are."""
        now_ms = self.clock.wall_ms()
        topic = f"evaluators/v1/{device_id}/rating"
        self.append(
            [
                Record(
                    RecordKind.MESSAGE,
                    topic,
                    element
                    if isinstance(element, bytes)
                    else msgspec.json.encode({"v": 1, **element}),
                    now_ms,
                )
                for element in elements
            ]
        )
