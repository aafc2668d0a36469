"""Looks for single records in a journal: at their places, or back from its end."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from gateway.places import Place
from gateway.ports import Block, JournalReader, Record, RecordKind
from gateway.queries.asking import Page, Slice
from gateway.queries.journal import Kept, TailFilter
from gateway.reading.paging import key_after
from gateway.redaction import REDACTED, opened

RECORDS_MAX: Final = 100_000
BLOCKS_MAX: Final = 5_000
"""What one look back reads at most, whichever comes first: some tenths of a second."""

_CHUNK: Final = 32
_TAKEN: Final = (RecordKind.MESSAGE, RecordKind.HTTP)


def records_at(journal: JournalReader, places: Sequence[Place]) -> dict[Place, Kept]:
    """The records at these places, as far as they are there; elements do not count."""
    found = {}
    ordered = sorted(set(places))
    for (generation, number), some in groupby(ordered, key=lambda place: place[:2]):
        wanted = list(some)
        for block in journal.blocks(number - 1, 1):
            if (block.header.generation, block.header.number) == (generation, number):
                records = block.records or ()
                for place in wanted:
                    if place.message < len(records):
                        found[place] = _kept(block, place.message)
    return found


def tail(
    journal: JournalReader, newest: int, wanted: TailFilter, part: Slice
) -> Page[Kept]:
    """What a device sent, back from block `newest`; raises CursorError."""
    key = key_after(part)
    if part.cursor is not None:
        newest = min(newest, Place.unpack(max(key, 0)).block)
    kept: list[Kept] = []
    at = 0
    for block in _looked_at(journal, newest):
        at = block.header.number
        for one in _sent(block, wanted.device_id):
            if _key(one.place) >= key:
                continue
            if len(kept) == part.limit:
                return Page(kept, str(_key(kept[-1].place)))
            kept.append(one)
    oldest = journal.blocks(0, 1)
    more = at > 0 and oldest and oldest[0].header.number < at
    return Page(kept, str(_key(Place(0, at, 0, 0))) if more else None)


def _key(place: Place) -> int:
    """Where a record stands in this journal, whose numbers no restore repeats."""
    return place._replace(generation=0, element=0).pack()


def _looked_at(journal: JournalReader, newest: int) -> Iterator[Block]:
    """Blocks from `newest` back, until that is enough of them."""
    records = 0
    for block in _backwards(journal, newest, max(newest - BLOCKS_MAX, 0)):
        yield block
        records += len(block.records or ())
        if records >= RECORDS_MAX:
            return


def _backwards(journal: JournalReader, newest: int, floor: int) -> Iterator[Block]:
    """Blocks above `floor`, the newest first."""
    while newest > floor:
        low = at = max(newest - _CHUNK, floor)
        chunk: list[Block] = []
        while at < newest and (some := journal.blocks(at, newest - at)):
            chunk += (block for block in some if block.header.number <= newest)
            at = some[-1].header.number
        yield from reversed(chunk)
        newest = low


def _sent(block: Block, device_id: str) -> Iterator[Kept]:
    """What a device sent in one block, the newest first."""
    for index, record in reversed(list(enumerate(block.records or ()))):
        if record.kind in _TAKEN and record.topic.split("/")[-2:-1] == [device_id]:
            yield _kept(block, index)


def _kept(block: Block, index: int) -> Kept:
    header, records = block
    assert records is not None, "looked at before"
    record: Record = records[index]
    if record.flags & REDACTED:
        record = opened(record)
    place = Place(header.generation, header.number, index, 0)
    return Kept(place, header.appended_ms, record)
