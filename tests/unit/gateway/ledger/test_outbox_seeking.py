"""Where a time begins in the outbox, by its order and without reading it all."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ledger.outbox import SqliteOutbox
from gateway.ledger.packing import pack
from gateway.sealing import Keyring
from tests.support.events import rating_event
from tests.support.ledger_file import LedgerFile


def outbox(path: Path, appended: Mapping[int, int]) -> SqliteOutbox:
    file = LedgerFile(path)
    for block, at_ms in appended.items():
        file.outbox(block, rating_event(block), appended_ms=at_ms)
    file.close()
    return SqliteOutbox(path, Keyring({1: bytes(32)}))


def test_an_empty_outbox_begins_and_ends_at_once(tmp_path: Path) -> None:
    assert outbox(tmp_path / "ledger.db", {}).first_since(0) == 0


@given(
    blocks=st.sets(st.integers(1, 60), min_size=1, max_size=12),
    steps=st.lists(st.integers(0, 3), min_size=12, max_size=12),
    asked=st.integers(0, 40),
)
@settings(max_examples=40, deadline=None)
def test_a_time_begins_at_the_first_row_of_then_or_later(
    tmp_path_factory: pytest.TempPathFactory,
    blocks: set[int],
    steps: list[int],
    asked: int,
) -> None:
    times = [sum(steps[: at + 1]) for at in range(len(blocks))]
    appended = dict(zip(sorted(blocks), times, strict=True))
    later = [block for block, at_ms in appended.items() if at_ms >= asked]
    made = tmp_path_factory.mktemp("outbox") / "ledger.db"
    reader = outbox(made, appended)
    found = reader.first_since(asked)
    rows = reader.rows(found, 1)
    reader.close()
    assert [row.block for row in rows] == later[:1]


def test_the_newest_rows_that_fit_are_found_from_their_end(tmp_path: Path) -> None:
    reader = outbox(tmp_path / "ledger.db", {1: 5, 4: 6, 9: 7})
    sizes = [len(pack(row)) for row in reader.rows(0, 10)]
    found = {kept: reader.first_within(kept, 0) for kept in (0, sizes[2], sum(sizes))}
    owed = [reader.first_within(sizes[2], block) for block in (4, 9, 10)]
    reader_newest = reader.newest_ms()
    reader.close()
    assert found == {0: 10, sizes[2]: 5, sum(sizes): 0}
    assert owed == [5, 0, 0]
    assert reader_newest == 7
