"""What readers find in a journal, without a key and with it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journal import looking
from gateway.journal.queries import SqliteJournalQueries, SqliteJournalRecords
from gateway.ports import Record, RecordKind
from gateway.queries.asking import Page, Slice
from gateway.queries.journal import Kept, TailFilter
from gateway.reading import Reader
from tests.support.journals import KEYRING, START_MS, Directory


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    directory = Directory(tmp_path)
    yield directory
    directory.close()


@pytest.fixture
def queries(directory: Directory) -> Iterator[SqliteJournalQueries]:
    reader = Reader(directory.file)
    yield SqliteJournalQueries(reader, directory.file)
    reader.close()


def test_the_extent_is_the_newest_block_and_the_bytes_on_disk(
    directory: Directory, queries: SqliteJournalQueries
) -> None:
    directory.write(5)
    extent = queries.extent()
    assert extent.block == directory.read()[-1].header.number
    assert extent.bytes >= directory.file.stat().st_size > 0


def test_received_is_what_the_headers_count_up_to_a_block(
    directory: Directory, queries: SqliteJournalQueries
) -> None:
    directory.write(5)
    for block in directory.read():
        header = block.header
        expected = header.first_message + header.messages
        assert queries.received(header.number) == expected
    assert queries.received(0) == 0


def test_received_survives_pruning(
    directory: Directory, queries: SqliteJournalQueries
) -> None:
    directory.write(5)
    last = directory.read()[-1].header
    directory.open().journal.prune(last.number, 100)
    directory.close()
    assert queries.received(last.number) == last.first_message + last.messages
    assert queries.received(last.number - 1) == last.first_message


def test_figures_tell_from_which_block_to_which(
    directory: Directory, queries: SqliteJournalQueries
) -> None:
    directory.write(5)
    blocks = directory.read()
    before = queries.figures()
    assert before.head is not None
    assert before.oldest is not None
    assert before.oldest.block == blocks[0].header.number
    assert (before.pruned, before.redacted) == (None, 0)
    last = blocks[-1].header
    assert before.head.block == last.number
    assert before.head.chain == last.chain.hex()
    directory.open().journal.prune(last.number, 100)
    directory.close()
    after = queries.figures()
    assert after.pruned is not None
    assert after.oldest is not None
    assert (after.pruned.block, after.oldest.block) == (last.number - 1, last.number)
    assert after.messages == before.messages == last.first_message + last.messages


def sent(device_id: str, number: int) -> Record:
    payload = b'{"n":%d}' % number
    topic = f"evaluators/v1/{device_id}/rating"
    return Record(RecordKind.MESSAGE, topic, payload, START_MS + number)


@pytest.fixture
def records(directory: Directory) -> Iterator[SqliteJournalRecords]:
    """Ten blocks, a second each, with a message of each of two devices."""
    journal = directory.open().journal
    for number in range(10):
        directory.clock.advance(1_000)
        journal.append([sent("d-1", number), sent("d-2", number)])
    reader = Reader(directory.file)
    yield SqliteJournalRecords(reader, KEYRING)
    reader.close()


def numbers(page: Page[Kept]) -> list[int]:
    return [json.loads(one.record.payload)["n"] for one in page.items]


def test_the_tail_is_what_one_device_sent_the_newest_first(
    records: SqliteJournalRecords,
) -> None:
    found = records.tail(TailFilter("d-2"), Slice(100))
    assert numbers(found) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert found.next_cursor is None
    assert {one.record.topic.split("/")[2] for one in found.items} == {"d-2"}


def test_the_tail_begins_where_a_device_was_heard_last(
    records: SqliteJournalRecords,
) -> None:
    whole = records.tail(TailFilter("d-1"), Slice(100)).items
    until_ms = whole[4].appended_ms
    assert numbers(records.tail(TailFilter("d-1", until_ms), Slice(2))) == [5, 4]
    assert numbers(records.tail(TailFilter("d-1", 0), Slice(2))) == []


def test_pages_of_the_tail_go_on_where_the_last_one_ended(
    records: SqliteJournalRecords,
) -> None:
    seen, cursor = [], None
    for _ in range(4):
        page = records.tail(TailFilter("d-1"), Slice(3, cursor))
        seen += numbers(page)
        cursor = page.next_cursor
    assert seen == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert cursor is None


def test_a_page_that_looked_at_enough_goes_on_later(
    records: SqliteJournalRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "BLOCKS_MAX", 4)
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        page = records.tail(TailFilter("d-1"), Slice(100, cursor))
        seen += numbers(page)
        cursor, pages = page.next_cursor, pages + 1
    assert seen == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert pages >= 3


def test_a_record_is_found_at_its_place_and_nowhere_else(
    records: SqliteJournalRecords,
) -> None:
    (newest,) = records.tail(TailFilter("d-1"), Slice(1)).items
    place = newest.place
    wrong = [place._replace(generation=9), place._replace(message=77)]
    gone = place._replace(block=place.block + 5)
    assert dict(records.at([*wrong, place, gone])) == {place: newest}
