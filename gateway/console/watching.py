"""What happens, as messages for whoever listens: read once for all of them."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from pydantic import BaseModel, Field

from gateway.console.instants import Instant
from gateway.console.items import Alert, Item
from gateway.console.pipeline import PipelineReader
from gateway.ports import AnyEvent, RatingEvent
from gateway.queries import LedgerQueries
from gateway.queries.rows import PresenceChange

ROWS_MAX: Final = 64
MESSAGES_MAX: Final = 1_000
"""Of one look: nobody reads more, and what is left out is told."""

PRESENCES_MAX: Final = 500
_PRESENCE_SPAN_MS: Final = 30_000
"""A presence may be folded so much later than it was received, and is told still."""


class Message(NamedTuple):
    """One event of the stream; `site` is None for what belongs to no site.

    `id` names its place in the outbox; what can be asked again has none.
    """

    event: str
    data: str
    site: str | None = None
    id: str = ""
    general: bool = False

    def frame(self) -> bytes:
        """As `text/event-stream` has it."""
        name = f"id: {self.id}\n" if self.id else ""
        return f"{name}event: {self.event}\ndata: {self.data}\n\n".encode()


class LiveRating(Item):
    """What became of a rating: recorded, amended, superseded, voided or defaulted."""

    change: str
    rating_id: str
    version: int
    level: int
    origin: str
    effective: bool
    flags: list[str]
    site: str | None
    department: str | None
    window: str | None
    device_id: str
    employee_id: str | None
    session_key: str | None
    medium: str
    occurred_at: Instant = Field(validation_alias="occurred_ms")
    received_at: Instant = Field(validation_alias="received_ms")


class LivePresence(Item):
    device_id: str
    site: str | None
    presence: str
    at: Instant = Field(validation_alias="at_ms")


class Gap(BaseModel):
    """So many events are not told here: too many at once, or too long ago."""

    skipped: int | None


class Look(NamedTuple):
    """The messages found after one block, and the block to look after next."""

    messages: list[Message]
    block: int


class Watcher:
    """Each call reads the stores once; it may raise TransientError."""

    def __init__(self, ledger: LedgerQueries, pipeline: PipelineReader) -> None:
        self._ledger = ledger
        self._pipeline = pipeline
        self._told: dict[str, int] = {}  # by device: when its presence was received

    def head(self) -> int:
        """The last block folded."""
        return self._ledger.fates().processed_block

    def happened(self, after: int, index: int = -1, until: int | None = None) -> Look:
        """What came behind (`after`, `index`), up to the block `until`."""
        head = self.head() if until is None else until
        rows = self._ledger.outbox(after - (index >= 0), ROWS_MAX)
        rows = [row for row in rows if row.block <= head]
        found = [
            (f"{row.block}.{at}", event)
            for row in rows
            for at, event in enumerate(row.events)
            if (row.block, at) > (after, index) and _is_told(event)
        ]
        messages = [self._message(name, event) for name, event in found[:MESSAGES_MAX]]
        if len(found) > MESSAGES_MAX:
            messages.append(gap(len(found) - MESSAGES_MAX))
        return Look(messages, rows[-1].block if len(rows) == ROWS_MAX else head)

    def figures(self) -> Message:
        text = self._pipeline.read().model_dump_json()
        return Message("pipeline", text, general=True)

    def presences(self, now_ms: int) -> list[Message]:
        """Devices that came, went or changed since the call before."""
        since_ms = now_ms - _PRESENCE_SPAN_MS
        self._told = {one: at for one, at in self._told.items() if at >= since_ms}
        rows = self._ledger.presences(since_ms, PRESENCES_MAX)
        return list(self._fresh(rows))

    def _fresh(self, rows: list[PresenceChange]) -> Iterator[Message]:
        for row in rows:
            if self._told.get(row.device_id) != row.at_ms:
                self._told[row.device_id] = row.at_ms
                text = LivePresence.model_validate(row).model_dump_json()
                yield Message("presence", text, row.site)

    def _message(self, name: str, event: AnyEvent) -> Message:
        if isinstance(event, RatingEvent):
            change = event.type.partition(".")[2]
            rating = LiveRating.model_validate(_Told(event, change))
            return Message("rating", rating.model_dump_json(), event.site, name)
        row = self._ledger.alert(int(event.subject))
        if row is None:
            return gap(1)
        text = Alert.model_validate(row).model_dump_json()
        return Message("alert", text, row.site, name)


class _Told:
    """A rating's event, and what it tells."""

    def __init__(self, event: RatingEvent, change: str) -> None:
        self._event = event
        self.change = change

    def __getattr__(self, name: str) -> object:
        return getattr(self._event, name)


def gap(skipped: int | None) -> Message:
    return Message("gap", Gap(skipped=skipped).model_dump_json(), general=True)


def _is_told(event: AnyEvent) -> bool:
    return isinstance(event, RatingEvent) or (
        event.type.startswith("alert.") and event.subject.isdecimal()
    )
