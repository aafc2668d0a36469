"""One reader for all lanes: each row is read once while they keep pace."""

import pytest

from gateway.delivery import feed
from gateway.delivery.feed import ROWS_READ_MAX, Feed
from gateway.ports import OutboxRow
from tests.support.delivering import since
from tests.support.events import outbox_row
from tests.support.outbox import MemoryOutbox


class CountingOutbox(MemoryOutbox):
    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []

    def rows(self, from_block: int, limit: int) -> list[OutboxRow]:
        self.reads.append(from_block)
        return super().rows(from_block, limit)


@pytest.fixture
def outbox() -> CountingOutbox:
    outbox = CountingOutbox()
    outbox.apply(since("a", "backend"))
    outbox.add(*(outbox_row(block, range(3)) for block in range(1, 21)))
    return outbox


@pytest.fixture
def passed() -> list[int]:
    return []


@pytest.fixture
def made(outbox: CountingOutbox, passed: list[int]) -> Feed:
    return Feed(outbox, 0, lambda row: passed.append(row.block))


def read_all(made: Feed, reader: str, block: int = 0) -> list[int]:
    blocks = []
    while row := made.next_row(reader, block):
        blocks.append(row.block)
        block = row.block + 1
    return blocks


def test_lanes_that_keep_pace_share_what_is_read(
    made: Feed, outbox: CountingOutbox, passed: list[int]
) -> None:
    assert read_all(made, "a") == list(range(1, 21))
    reads = len(outbox.reads)
    assert reads == 20 // ROWS_READ_MAX + 1
    assert read_all(made, "b") == list(range(1, 21))
    assert len(outbox.reads) == reads
    assert passed == list(range(1, 21))


def test_an_exhausted_feed_asks_again_only_when_told_to_look(
    made: Feed, outbox: CountingOutbox
) -> None:
    read_all(made, "a")
    reads = len(outbox.reads)
    assert made.next_row("a", 21) is None
    assert len(outbox.reads) == reads
    outbox.add(outbox_row(25, range(3)))
    made.look()
    assert read_all(made, "a", 21) == [25]


def test_rows_are_let_go_when_all_have_read_them(
    made: Feed, outbox: CountingOutbox
) -> None:
    read_all(made, "a")
    made.next_row("b", 5)
    made.let_go()
    reads = len(outbox.reads)
    assert read_all(made, "b", 5) == list(range(5, 21))
    assert len(outbox.reads) == reads
    made.let_go()
    assert read_all(made, "c", 3) == list(range(3, 21))
    assert len(outbox.reads) > reads


def test_what_is_kept_for_a_slow_lane_is_bounded(
    made: Feed, outbox: CountingOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "UNITS_KEPT_MAX", 9)
    made.next_row("slow", 1)
    read_all(made, "fast")
    reads = len(outbox.reads)
    assert read_all(made, "slow", 1) == list(range(1, 21))
    assert len(outbox.reads) - reads == 20 - 3


def test_a_filter_is_known_before_the_rows_it_is_for(
    made: Feed, outbox: CountingOutbox
) -> None:
    assert set(made.terms) == {"a"}
    outbox.apply(since("b", "influxdb"))
    read_all(made, "a")
    assert set(made.terms) == {"a", "b"}
    assert made.kinds["b"] == "influxdb"
