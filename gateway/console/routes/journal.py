"""/journal: how much is kept, since when, and how it is secured."""

import msgspec
from fastapi import APIRouter
from pydantic import Field

from gateway.console.callers import Reader
from gateway.console.instants import Instant
from gateway.console.items import Item
from gateway.queries import LedgerQueries
from gateway.queries.journal import JournalQueries

_CHECKPOINT = "checkpoint"


class MarkItem(Item):
    block: int
    appended_at: Instant = Field(validation_alias="appended_ms")


class HeadItem(MarkItem):
    """`chain` covers every block up to this one: who writes it down can prove them."""

    generation: int
    chain: str


class CheckpointItem(Item):
    """The last copy of the ledger that starts and checks begin from."""

    block: int
    at: Instant = Field(validation_alias="at_ms")
    fold_version: int


class JournalItem(Item):
    """`pruned`: the newest block that was dropped, for its age or a lack of room.

    `blocks` are those from `oldest` to `head`, `messages` all that were ever received,
    `redacted_blocks` those that tell of fewer persons than they did.
    """

    blocks: int
    bytes: int
    messages: int
    head: HeadItem | None
    oldest: MarkItem | None
    pruned: MarkItem | None
    redacted_blocks: int
    processed_block: int
    checkpoint: CheckpointItem | None


class _Checkpoint(msgspec.Struct):
    block: int
    at_ms: int
    fold_version: int


class Journal:
    def __init__(self, ledger: LedgerQueries, journal: JournalQueries) -> None:
        self._ledger = ledger
        self._journal = journal

    def router(self) -> APIRouter:
        router = APIRouter(tags=["overview"])
        router.add_api_route("/journal", self.show, response_model=JournalItem)
        return router

    def show(self, _caller: Reader) -> JournalItem:
        """How much the journal holds, since when, and its last checkpoint."""
        fates = self._ledger.fates()
        text = self._ledger.setting(_CHECKPOINT)
        figures = self._journal.figures()
        head, oldest = figures.head, figures.oldest
        return JournalItem(
            blocks=head.block - oldest.block + 1 if head and oldest else 0,
            bytes=figures.bytes,
            messages=figures.messages,
            head=HeadItem.model_validate(head) if head else None,
            oldest=MarkItem.model_validate(oldest) if oldest else None,
            pruned=MarkItem.model_validate(figures.pruned) if figures.pruned else None,
            redacted_blocks=figures.redacted,
            processed_block=fates.processed_block,
            checkpoint=_checkpoint(text),
        )


def _checkpoint(text: str | None) -> CheckpointItem | None:
    if text is None:
        return None
    known = msgspec.json.decode(text, type=_Checkpoint)
    return CheckpointItem.model_validate(known)
