"""What readers find in a delivery store that its owner wrote."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.delivery.lane import Settlement
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.delivery.slots import DeadLetter
from gateway.delivery.store import DeliveryStore
from gateway.ports import Answer, Event, Verdict
from gateway.queries.asking import DeadLetterFilter, Slice
from gateway.queries.rows import SinkCursor
from gateway.reading import Reader
from tests.support.api import Deliveries


@pytest.fixture
def queries(tmp_path: Path) -> Iterator[SqliteDeliveryQueries]:
    reader = Reader(tmp_path / "delivery.db")
    yield SqliteDeliveryQueries(reader)
    reader.close()


def test_a_sink_is_shown_as_its_owner_keeps_it(
    tmp_path: Path, queries: SqliteDeliveryQueries
) -> None:
    store = DeliveryStore(tmp_path / "delivery.db")
    store.sink("main", "influxdb", (3, 1))
    (sink,) = queries.sinks()
    assert (sink.name, sink.kind, sink.state) == ("main", "influxdb", "ok")
    assert sink.cursor == SinkCursor("main", 3, 1)
    assert (sink.delivered, sink.dead, sink.last_error) == (0, 0, None)
    store.close()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (DeadLetterFilter(), [3, 2, 1]),
        (DeadLetterFilter(sink="main"), [2, 1]),
        (DeadLetterFilter(subject="d-1:event-02"), [2]),
        (DeadLetterFilter(sink="main", state="dead"), [1]),
    ],
)
def test_each_filter_chooses_its_letters(
    tmp_path: Path,
    queries: SqliteDeliveryQueries,
    wanted: DeadLetterFilter,
    found: list[int],
) -> None:
    rows = Deliveries(tmp_path / "delivery.db")
    rows.letter("main", "d-1:event-01")
    rows.letter("main", "d-1:event-02", state="purged")
    rows.letter("ends", "d-1:event-03")
    letters = queries.dead_letters(wanted, Slice(10)).items
    assert [letter.id for letter in letters] == found
    rows.close()


def test_a_letter_is_shown_with_what_the_sink_was_to_get(
    tmp_path: Path, queries: SqliteDeliveryQueries
) -> None:
    store = DeliveryStore(tmp_path / "delivery.db")
    store.sink("main", "influxdb", (3, 1))
    event = Event(7, "alert.opened", "4", 1, 0, "4", b'{"cause":"sink"}')
    answer = Answer(Verdict.REFUSED, 1, 400, "bad field")
    letter = DeadLetter((3, 1), event, answer)
    store.settle("main", Settlement((3, 2), 0, [letter], [], []), wall_ms=5)
    detail = queries.dead_letter(1)
    assert detail is not None
    assert detail.content is not None
    assert (detail.letter.sink, detail.letter.status) == ("main", 400)
    assert detail.content["data"] == {"cause": "sink"}
    assert queries.dead_letter(2) is None
    store.close()
