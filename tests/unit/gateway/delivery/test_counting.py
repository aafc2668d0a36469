"""Counts of sinks as of a day's end, from what lanes have settled."""

from pathlib import Path

import pytest

from gateway.acts import CountSinks, SinkCount
from gateway.delivery.counting import count_sinks
from gateway.delivery.lane import Settlement
from gateway.delivery.store import DeliveryStore
from tests.support.delivering import since
from tests.support.events import outbox_row
from tests.support.outbox import MemoryOutbox


@pytest.mark.parametrize(
    ("delivered", "addressed", "expected"),
    [
        (4, 10, SinkCount("main", 4, 0, 6)),  # behind
        (4, 4, SinkCount("main", 4, 0, 0)),
        (4, 3, SinkCount("main", 3, 0, 0)),  # beyond: what came later is left out
        (3, 10, SinkCount("main", 3, 0, 6)),  # one was passed over
        (5, 10, SinkCount("main", 5, 0, 6)),  # one was counted twice
    ],
)
def test_what_lanes_settled_is_held_against_what_was_addressed(
    tmp_path: Path, delivered: int, addressed: int, expected: SinkCount
) -> None:
    outbox, store = MemoryOutbox(), DeliveryStore(tmp_path / "delivery.db")
    outbox.apply(since("main", "influxdb"))
    outbox.add(outbox_row(1, range(3)), outbox_row(2, range(3, 10)))
    store.sink("main", "influxdb", (0, 0))
    store.settle("main", Settlement((2, 1), delivered, [], [], []), 0)
    asked = CountSinks(7, {"main": addressed, "never started": 3})
    told = count_sinks(asked, store, outbox)
    assert (told.day, told.sinks) == (7, [expected])
    store.close()
