"""The API over a ledger that the fold made, without processes."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI

from gateway import users
from gateway.console.app import Secrets, Stores, create_app
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.journal.looking import records_at, tail
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.places import Place
from gateway.processing.ratings.explaining import LedgerExplanations
from gateway.queries.asking import Page, Slice
from gateway.queries.journal import (
    Head,
    JournalExtent,
    JournalFigures,
    Kept,
    Mark,
    TailFilter,
)
from gateway.reading import Reader
from gateway.tokens import FILE_NAME, Tokens
from gateway.users import Users
from tests.support.api import Client, Deliveries, upkeep
from tests.support.folding import START_MS, FoldedLedger
from tests.support.whole import FATES


class FoldedApi(Client):
    """A client of the API over `world`."""

    def __init__(self, directory: Path, start_ms: int = START_MS) -> None:
        self.world = FoldedLedger(directory / "ledger.db", start_ms=start_ms)
        self.deliveries = Deliveries(directory / "delivery.db")
        self._readers = [Reader(self.world.path), Reader(self.deliveries.path)]
        self.tokens = Tokens(directory / FILE_NAME)
        self.users = Users(directory / users.FILE_NAME)
        self._directory = directory
        super().__init__(self.created())

    def created(self) -> FastAPI:
        """A console over these stores, as after a restart."""
        world = self.world
        ledger, deliveries = self._readers
        return create_app(
            Stores(
                SqliteLedgerQueries(ledger),
                SqliteDeliveryQueries(deliveries),
                self,
                self,
                LedgerExplanations(ledger),
            ),
            world,
            world.clock,
            list,
            self._directory,
            secrets=Secrets(self.tokens, self.users, world.keyring),
            upkeep=upkeep(world.clock),
            pause=self._pause,
        )

    async def _pause(self, seconds: float) -> None:
        self.world.clock.advance(int(seconds * 1000))

    def extent(self) -> JournalExtent:
        return JournalExtent(
            self.world.journal.last_number(), self.world.journal.size_bytes
        )

    def figures(self) -> JournalFigures:
        journal = self.world.journal
        head, first = journal.head, journal.blocks(0, 1)[0].header
        assert head is not None
        return JournalFigures(
            messages=head.first_message + head.messages,
            bytes=journal.size_bytes,
            head=Head(head.number, head.appended_ms, head.generation, head.chain.hex()),
            oldest=Mark(first.number, first.appended_ms),
            pruned=None,
            redacted=0,
        )

    def at(self, places: Sequence[Place]) -> dict[Place, Kept]:
        return records_at(self.world.journal, places)

    def tail(self, wanted: TailFilter, part: Slice) -> Page[Kept]:
        journal = self.world.journal
        return tail(journal, journal.last_number(), wanted, part)

    def received(self, block: int) -> int:
        header = self.world.journal.blocks(block - 1, 1)[0].header
        return header.first_message + header.messages

    async def pipeline(self) -> dict[str, int]:
        """The fates; their sum is what was received."""
        body = (await self.get("/api/v1/pipeline")).json()
        assert body["received"] == sum(body[fate] for fate in FATES)
        return {fate: body[fate] for fate in FATES if body[fate]}

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        self.world.close()
        self.deliveries.close()
