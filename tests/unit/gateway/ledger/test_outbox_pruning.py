"""Old rows of the outbox go when every sink has what was for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger import outbox_pruning
from gateway.ledger.outbox_pruning import OutboxPruning
from gateway.ledger.store import Store, connect
from gateway.queries.rows import SinkCursor
from tests.support.events import rating_event
from tests.support.ledger_file import NOON_MS, LedgerFile

ALL = 1_000
LATER_MS = NOON_MS + 1


class Outbox:
    """Ten rows, of the blocks 1 to 10, with one event of a rating each."""

    def __init__(self, path: Path) -> None:
        self.file = LedgerFile(path)
        for block in range(1, 11):
            self.file.outbox(block, rating_event(block), appended_ms=NOON_MS)
        self.store = Store(connect(path))

    def prune(
        self, *cursors: SinkCursor, before_ms: int = LATER_MS, controls: int = ALL
    ) -> list[int]:
        """Which blocks are left."""
        OutboxPruning(self.store).step(before_ms, controls, list(cursors))
        return [block for (block,) in self.store.all("SELECT block FROM outbox")]

    def close(self) -> None:
        self.store.close()
        self.file.close()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(tmp_path / "ledger.db")
    yield made
    made.close()


def test_rows_before_every_cursor_go(outbox: Outbox) -> None:
    outbox.file.sink("a", "backend")
    outbox.file.sink("b", "influxdb")
    left = outbox.prune(SinkCursor("a", 9, 0), SinkCursor("b", 7, 0))
    assert left == [7, 8, 9, 10]


def test_a_row_in_which_a_cursor_stands_stays(outbox: Outbox) -> None:
    outbox.file.execute("DELETE FROM outbox WHERE block = 4")
    outbox.file.outbox(4, rating_event(1), rating_event(2))
    outbox.file.sink("a", "backend")
    assert outbox.prune(SinkCursor("a", 4, 1))[0] == 4


def test_young_rows_stay(outbox: Outbox) -> None:
    outbox.file.execute("UPDATE outbox SET appended_ms = appended_ms + block")
    outbox.file.sink("a", "backend")
    left = outbox.prune(SinkCursor("a", 11, 0), before_ms=NOON_MS + 4)
    assert left == [4, 5, 6, 7, 8, 9, 10]


def test_rows_whose_controls_were_not_read_stay(outbox: Outbox) -> None:
    outbox.file.sink("a", "backend")
    assert outbox.prune(SinkCursor("a", 11, 0), controls=3)[0] == 3


def test_a_sink_that_nobody_took_up_holds_from_where_it_came_into_force(
    outbox: Outbox,
) -> None:
    outbox.file.sink("a", "backend")
    outbox.file.sink("new", "backend", since_block=5, since_index=1)
    assert outbox.prune(SinkCursor("a", 11, 0))[0] == 6


def test_a_removed_sink_holds_what_it_is_still_owed_and_nothing_else(
    outbox: Outbox,
) -> None:
    outbox.file.sink("a", "backend")
    outbox.file.sink("gone", "backend")
    outbox.file.sink("gone", "backend", since_block=6, since_index=0, removed=1)
    assert outbox.prune(SinkCursor("a", 11, 0), SinkCursor("gone", 5, 0))[0] == 5
    assert outbox.prune(SinkCursor("a", 11, 0), SinkCursor("gone", 6, 0)) == []


def test_a_sink_that_takes_nothing_of_a_row_does_not_hold_it(outbox: Outbox) -> None:
    outbox.file.sink("alarms", "backend", events='["alert.*"]')
    assert outbox.prune(SinkCursor("alarms", 0, 0)) == []


def test_a_step_is_bounded(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_pruning, "ROWS_A_STEP", 4)
    outbox.file.sink("a", "backend")
    cursor = SinkCursor("a", 11, 0)
    assert len(outbox.prune(cursor)) == 6
    assert len(outbox.prune(cursor)) == 2
