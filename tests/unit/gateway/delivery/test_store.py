"""The delivery store: cursors, counts, letters; what is committed is committed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.delivery.lane import Settlement
from gateway.delivery.pace import SinkState
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.delivery.slots import DeadLetter
from gateway.delivery.store import SETTLED_LETTERS_MAX, DeliveryStore, LettersChange
from gateway.ports import Answer, Unit, Verdict
from gateway.queries.asking import DeadLetterFilter, Slice
from gateway.queries.rows import DeadLetterRow
from gateway.reading import Reader
from tests.support.events import other_event, rating_event, receipt


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "delivery.db"


@pytest.fixture
def store(path: Path) -> Iterator[DeliveryStore]:
    store = DeliveryStore(path)
    store.sink("a", "backend", (5, 2))
    yield store
    store.close()


def dead(unit: Unit, at: int = 0) -> DeadLetter:
    return DeadLetter((7, at), unit, Answer(Verdict.REFUSED, 1, 422, "no such"))


def settle(store: DeliveryStore, *letters: DeadLetter, delivered: int = 0) -> None:
    store.settle("a", Settlement((8, 0), delivered, list(letters), [], []), 1_000)


def listed(path: Path) -> list[DeadLetterRow]:
    reader = Reader(path)
    try:
        page = SqliteDeliveryQueries(reader).dead_letters(
            DeadLetterFilter(), Slice(100)
        )
    finally:
        reader.close()
    return page.items


def test_a_new_sink_begins_where_it_came_into_force(store: DeliveryStore) -> None:
    record = store.sink("a", "backend", (99, 0))
    assert record == ((5, 2), 0, 0, SinkState.OK, None, 0)


def test_a_settlement_moves_cursor_counts_and_letters_together(
    store: DeliveryStore, path: Path
) -> None:
    settle(store, dead(rating_event(1)), dead(other_event(2), 1), delivered=10)
    store.close()
    again = DeliveryStore(path)
    assert again.sink("a", "backend", (0, 0)) == ((8, 0), 10, 2, SinkState.OK, None, 0)
    again.close()
    newest, oldest = listed(path)
    assert (oldest.type, oldest.subject) == ("rating.recorded", "dev-1:event-00000001")
    assert (newest.type, newest.subject) == ("alert.opened", "alert-2")
    assert (oldest.status, oldest.answer, oldest.state) == (422, "422 no such", "dead")
    assert oldest.refused_ms == 1_000


def test_letters_come_back_as_they_were(store: DeliveryStore) -> None:
    units: list[Unit] = [rating_event(1), other_event(2), receipt("d", "event-01")]
    settle(store, *(dead(unit, at) for at, unit in enumerate(units)))
    assert store.letters_to_replay("a", 10) == []
    store.carry_out(9, [LettersChange(purge=False, ids=None, sink="a")])
    assert [unit for _, unit in store.letters_to_replay("a", 10)] == units
    assert store.letters_to_replay("b", 10) == []
    assert len(store.letters_to_replay("a", 2)) == 2


def test_a_change_names_letters_by_id_or_by_sink(
    store: DeliveryStore, path: Path
) -> None:
    settle(store, *(dead(rating_event(number), number) for number in range(4)))
    ids = [row.id for row in listed(path)][::-1]
    store.carry_out(9, [LettersChange(purge=False, ids=ids[:2], sink=None)])
    assert [number for number, _ in store.letters_to_replay("a", 10)] == ids[:2]
    store.carry_out(10, [LettersChange(purge=True, ids=ids[2:], sink="other")])
    assert store.waiting_letters() == 4
    store.carry_out(11, [LettersChange(purge=True, ids=ids[2:], sink="a")])
    assert store.waiting_letters() == 2
    assert [row.state for row in listed(path)] == [
        "purged",
        "purged",
        "replaying",
        "replaying",
    ]


def test_replayed_letters_count_as_delivered_and_refused_ones_stay(
    store: DeliveryStore, path: Path
) -> None:
    settle(store, dead(rating_event(1)), dead(rating_event(2), 1), delivered=3)
    store.carry_out(9, [LettersChange(purge=False, ids=None, sink=None)])
    (good, _), (bad, unit) = store.letters_to_replay("a", 10)
    again = DeadLetter((0, 0), unit, Answer(Verdict.REFUSED, 1, 400, "still"))
    store.settle("a", Settlement((8, 0), 0, [], [good], [(bad, again)]), 2_000)
    record = store.sink("a", "backend", (0, 0))
    assert (record.delivered, record.dead) == (4, 1)
    assert [(row.state, row.answer) for row in listed(path)] == [
        ("dead", "400 still"),
        ("replayed", "422 no such"),
    ]
    assert store.letters_to_replay("a", 10) == []


def test_controls_are_carried_out_once(store: DeliveryStore) -> None:
    assert store.controls_read() == 0
    store.carry_out(12, [])
    assert store.controls_read() == 12


def test_a_state_is_remembered_over_restarts(store: DeliveryStore) -> None:
    store.change_state("a", SinkState.DISABLED, "410 gone")
    record = store.sink("a", "backend", (0, 0))
    assert (record.state, record.error) == (SinkState.DISABLED, "410 gone")


def test_settled_letters_are_forgotten_beyond_a_bound(
    store: DeliveryStore, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    assert SETTLED_LETTERS_MAX >= 1_000
    monkeypatch.setattr("gateway.delivery.store.SETTLED_LETTERS_MAX", 3)
    settle(store, *(dead(rating_event(number), number) for number in range(5)))
    store.carry_out(9, [LettersChange(purge=True, ids=None, sink=None)])
    assert [row.subject for row in listed(path)] == [
        f"dev-{number}:event-{number:08d}" for number in (4, 3, 2)
    ]
