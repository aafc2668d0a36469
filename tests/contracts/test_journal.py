"""What every journal promises, whatever keeps its blocks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from gateway.clock import SteppedClock
from gateway.journal.block import GENESIS, is_chained
from gateway.journal.memory import MemoryJournal
from gateway.journal.opening import open_journal
from gateway.journal.sqlite import SqliteJournalReader
from gateway.ports import (
    HeaderFlag,
    Journal,
    JournalReader,
    Record,
    RecordKind,
)
from gateway.sealing import Keyring

START_MS = 1_795_000_000_000


class Writable(Journal, Protocol):
    def accept_clock(self) -> None: ...

    def prune(self, before: int, limit: int) -> int: ...


class Pair:
    """A journal's two sides and the clock they live by."""

    def __init__(
        self, writer: Writable, reader: JournalReader, clock: SteppedClock
    ) -> None:
        self.writer = writer
        self.reader = reader
        self.clock = clock


def in_memory(_: Path) -> Iterator[Pair]:
    clock = SteppedClock(START_MS)
    journal = MemoryJournal(clock, Keyring({1: bytes(32)}))
    yield Pair(journal, journal, clock)


def in_sqlite(directory: Path) -> Iterator[Pair]:
    clock = SteppedClock(START_MS)
    keyring = Keyring({1: bytes(32)})
    path = directory / "journal.db"
    journal = open_journal(path, keyring, clock, synchronised=lambda: False).journal
    reader = SqliteJournalReader.open(path, keyring)
    yield Pair(journal, reader, clock)
    reader.close()
    journal.close()


@pytest.fixture(params=[in_memory, in_sqlite])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    make: Callable[[Path], Iterator[Pair]] = request.param
    yield from make(tmp_path)


def message(n: int) -> Record:
    return Record(RecordKind.MESSAGE.value, f"t/{n}", b"{%d}" % n, START_MS + n)


def act(name: str) -> Record:
    return Record(RecordKind.ACT.value, name, b"{}", START_MS)


def test_a_new_journal_has_no_head_and_no_blocks(pair: Pair) -> None:
    assert pair.writer.head is None
    assert pair.reader.last_number() == 0
    assert pair.reader.blocks(0, 10) == []


def test_what_is_appended_is_read_again_in_order(pair: Pair) -> None:
    written = [[message(1), message(2)], [], [act("a"), message(3)]]
    headers = [pair.writer.append(records) for records in written]
    blocks = pair.reader.blocks(0, 10)
    assert [block.header for block in blocks] == headers
    assert [block.records for block in blocks] == written
    assert [header.number for header in headers] == [1, 2, 3]
    assert pair.writer.head == headers[-1]
    assert pair.reader.last_number() == 3


def test_reading_starts_after_a_number_and_stops_at_the_limit(pair: Pair) -> None:
    for n in range(6):
        pair.writer.append([message(n)])
    numbers = [block.header.number for block in pair.reader.blocks(2, 3)]
    assert numbers == [3, 4, 5]
    assert pair.reader.blocks(6, 3) == []


def test_headers_count_messages_and_not_acts(pair: Pair) -> None:
    http = Record(RecordKind.HTTP.value, "web-1/rating", b"{}", START_MS)
    first = pair.writer.append([message(1), act("a"), http])
    second = pair.writer.append([act("b")])
    third = pair.writer.append([message(2)])
    assert (first.first_message, first.messages, first.records) == (0, 2, 3)
    assert (second.first_message, second.messages, second.records) == (2, 0, 1)
    assert (third.first_message, third.messages, third.records) == (2, 1, 1)


def test_every_header_is_chained_to_the_one_before(pair: Pair) -> None:
    headers = [pair.writer.append([message(n)]) for n in range(3)]
    chain = GENESIS
    for header in headers:
        assert is_chained(header, chain)
        chain = header.chain
    assert not is_chained(headers[2], headers[0].chain)


def test_time_follows_the_wall_clock_and_never_goes_back(pair: Pair) -> None:
    first = pair.writer.append([])
    pair.clock.advance(500)
    second = pair.writer.append([])
    pair.clock.set_wall(START_MS - 10_000)
    third = pair.writer.append([])
    assert first.appended_ms == START_MS
    assert second.appended_ms == START_MS + 500
    assert third.appended_ms == second.appended_ms
    assert third.flags == 0


def test_a_jumping_clock_is_suspect_until_its_acceptance_is_recorded(
    pair: Pair,
) -> None:
    pair.writer.append([])
    pair.clock.set_wall(START_MS + 3_600_000)
    suspect = pair.writer.append([message(1)])
    pair.clock.advance(1_000)
    later = pair.writer.append([message(2)])
    accepted = pair.writer.append([message(3), act("clock_accepted")])
    assert suspect.flags == later.flags == HeaderFlag.CLOCK_SUSPECT
    assert later.appended_ms == START_MS + 1_000
    assert accepted.flags == 0
    assert accepted.appended_ms == START_MS + 3_601_000


def test_a_clock_may_be_accepted_without_a_record(pair: Pair) -> None:
    pair.writer.append([])
    pair.clock.set_wall(START_MS - 3_600_000)
    assert pair.writer.append([]).flags == HeaderFlag.CLOCK_SUSPECT
    pair.writer.accept_clock()
    assert pair.writer.append([]).flags == 0


def test_pruning_keeps_later_blocks_and_always_the_newest(pair: Pair) -> None:
    for n in range(6):
        pair.writer.append([message(n)])
    assert pair.writer.prune(before=4, limit=2) == 2
    assert pair.writer.prune(before=4, limit=100) == 1
    assert pair.writer.prune(before=4, limit=100) == 0
    assert [block.header.number for block in pair.reader.blocks(0, 9)] == [4, 5, 6]
    assert pair.writer.prune(before=100, limit=100) == 2
    assert pair.reader.last_number() == 6
    assert pair.writer.append([]).number == 7


def test_the_bounds_of_a_place_are_the_bounds_of_a_block(pair: Pair) -> None:
    tick = act("a")
    assert pair.writer.append([tick] * 4096).records == 4096
    with pytest.raises(AssertionError, match="close blocks earlier"):
        pair.writer.append([tick] * 4097)
    assert pair.reader.last_number() == 1
