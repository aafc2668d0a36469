"""What readers without a key find in a journal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journal.queries import SqliteJournalQueries
from gateway.reading import Reader
from tests.support.journals import Directory


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
