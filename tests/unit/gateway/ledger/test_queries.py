"""What readers find in a ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger.queries import SqliteLedgerQueries, ratings
from gateway.places import Place
from gateway.ports import RatingEvent
from gateway.queries.asking import (
    AlertFilter,
    DeviceFilter,
    QuarantineFilter,
    RatingFilter,
    SessionFilter,
    Slice,
    StoreAbsentError,
)
from gateway.queries.rows import EffectiveRating, SinkCursor
from gateway.reading import Reader
from tests.support.events import rating_event
from tests.support.ledger_file import NOON_MS, LedgerFile

ALL = Slice(100)


def recorded(event_id: str) -> RatingEvent:
    return rating_event(1, device_id="d-1", event_id=event_id)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerFile]:
    file = LedgerFile(tmp_path / "ledger.db")
    yield file
    file.close()


@pytest.fixture
def queries(ledger: LedgerFile) -> Iterator[SqliteLedgerQueries]:
    reader = Reader(ledger.path)
    yield SqliteLedgerQueries(reader)
    reader.close()


def test_received_is_ingress_s_count_and_fates_are_the_folds(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.state(block=9, ordinal=4, messages=5, elements_extra=2)
    ledger.fate("accepted", 4)
    ledger.fate("quarantined", 1, "not_json")
    ledger.fate("quarantined", 2, "schema")
    counts = queries.fates()
    assert (counts.received, counts.accepted, counts.quarantined) == (7, 4, 3)
    assert (counts.processed_block, counts.ordinal, counts.deferred) == (9, 4, 0)


def test_an_empty_ledger_answers_zeros_and_empty_lists(
    queries: SqliteLedgerQueries,
) -> None:
    assert queries.fates().received == 0
    assert queries.ratings(RatingFilter(), ALL).items == []
    assert queries.rating("d-1", "event-01") is None
    assert queries.owed([]) == []


def test_before_the_ledger_is_made_readers_are_told_so(tmp_path: Path) -> None:
    absent = SqliteLedgerQueries(Reader(tmp_path / "ledger.db"))
    with pytest.raises(StoreAbsentError):
        absent.fates()


def test_a_period_is_sought_where_it_lies_and_finds_what_came_early_or_late(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    hour_ms, found = 3_600_000, []
    for hour in range(8):
        at_ms, name = NOON_MS + hour * hour_ms, f"event-{hour}"
        told = {"occurred_ms": at_ms, "received_ms": at_ms + 250}
        ledger.rating("d-1", f"{name}-live", block=10 + hour, **told)
        told["received_ms"] = NOON_MS + 20 * hour_ms
        ledger.rating("d-1", f"{name}-late", block=20 + hour, **told)
    ledger.rating("d-1", "default-2", place=-2, occurred_ms=NOON_MS + hour_ms)
    wanted = RatingFilter(from_ms=NOON_MS + hour_ms, to_ms=NOON_MS + 2 * hour_ms)
    cursor = None
    for _ in range(3):
        page = queries.ratings(wanted, Slice(1, cursor))
        found += [one.event_id for one in page.items]
        cursor = page.next_cursor
    assert (found, cursor) == (["event-1-late", "event-1-live", "default-2"], None)


@pytest.mark.parametrize(
    ("late_max", "late", "expected"),
    [(3, 0, (11, 12)), (3, 1, (11, 21)), (0, 1, (0, (1 << 63) - 1))],
)
def test_few_of_the_ratings_are_looked_at_for_a_short_period(
    ledger: LedgerFile,
    monkeypatch: pytest.MonkeyPatch,
    late_max: int,
    late: int,
    expected: tuple[int, int],
) -> None:
    monkeypatch.setattr(ratings, "LATE_MAX", late_max)
    at_ms = NOON_MS
    for place in range(10, 13):
        told = {"occurred_ms": at_ms, "received_ms": at_ms + 250}
        ledger.rating("d-1", f"event-{place}", place=place, **told)
        at_ms += 3_600_000
    if late:
        told = {"occurred_ms": NOON_MS + 3_600_000, "received_ms": at_ms}
        ledger.rating("d-1", "event-late", place=21, **told)
    reader = Reader(ledger.path)
    bounds = NOON_MS + 3_600_000, NOON_MS + 7_200_000
    assert reader.read(lambda one: ratings.pressed(one, *bounds)) == expected
    reader.close()


def test_pages_join_into_the_whole_list_newest_first(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    for block in range(1, 8):
        ledger.rating("d-1", f"event-{block:02}", block=block)
    seen, cursor = [], None
    while True:
        page = queries.ratings(RatingFilter(), Slice(3, cursor))
        seen += [rating.event_id for rating in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"event-{block:02}" for block in range(7, 0, -1)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RatingFilter(device="d-2"), ["event-02"]),
        (RatingFilter(site="annex"), ["event-03"]),
        (RatingFilter(department="permits"), ["event-03"]),
        (RatingFilter(employee="007"), ["event-02"]),
        (RatingFilter(session="A12"), ["event-01"]),
        (RatingFilter(level=1), ["event-03"]),
        (RatingFilter(flag="burst"), ["event-02"]),
        (RatingFilter(from_ms=NOON_MS + 1), ["event-03"]),
        (RatingFilter(to_ms=NOON_MS + 1), ["event-02", "event-01"]),
        (RatingFilter(from_ms=NOON_MS, to_ms=NOON_MS), []),
        (RatingFilter(device="nobody"), []),
    ],
)
def test_each_filter_chooses_its_ratings(
    ledger: LedgerFile,
    queries: SqliteLedgerQueries,
    wanted: RatingFilter,
    found: list[str],
) -> None:
    place = ledger.rating("d-1", "event-01", block=1, session_no=1)
    ledger.session(1, "A12", ratings=[place])
    ledger.rating("d-2", "event-02", block=2, flags='["burst"]', employee_id="007")
    ledger.rating(
        "d-3",
        "event-03",
        block=3,
        level=1,
        occurred_ms=NOON_MS + 1,
        site="annex",
        department="permits",
    )
    ledger.rating("d-3", "comment-alone", block=4, level=None, level_raw=None)
    if wanted.session is None and wanted.device is None:
        assert len(queries.ratings(RatingFilter(), ALL).items) == 3
    page = queries.ratings(wanted, ALL)
    assert [rating.event_id for rating in page.items] == found


def test_a_rating_tells_its_session_history_point_and_events(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    first = ledger.rating(
        "d-1", "event-01", block=3, session_no=1, level_raw='"5 "', effective=0
    )
    later = ledger.rating(
        "d-1", "event-002", block=4, session_no=1, occurred_ms=NOON_MS + 60_000
    )
    ledger.session(1, "A12", stage=2, ratings=[later, first], effective_place=later)
    ledger.sink("main", "influxdb")
    ledger.sink("ends", "backend", events='["session.closed"]')
    ledger.outbox(3, recorded("other-01"), recorded("event-01"))
    detail = queries.rating("d-1", "event-01")
    assert detail is not None
    assert detail.rating.session_key == "hall:A12:2:1"
    assert (detail.rating.level_raw, detail.rating.effective) == ("5 ", False)
    assert [rating.event_id for rating in detail.history] == ["event-01", "event-002"]
    assert detail.point is not None
    assert detail.point.time_ns == NOON_MS * 1_000_000 + 7
    assert [(e.block, e.index, e.sinks) for e in detail.events] == [(3, 1, ("main",))]


def test_a_rating_of_a_test_has_no_point(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.rating("d-1", "event-01", mode="test")
    detail = queries.rating("d-1", "event-01")
    assert detail is not None
    assert detail.point is None


def test_an_event_id_that_two_devices_gave_out_names_both(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.rating("d-1", "event-01")
    ledger.rating("d-2", "event-01")
    ledger.rating("d-2", "event-02", block=2)
    assert sorted(queries.rating_devices("event-01", None)) == ["d-1", "d-2"]
    assert queries.rating_devices("event-02", None) == ["d-2"]


def test_a_session_is_found_by_key_though_names_hold_colons(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    place = ledger.rating("d-1", "event-01", session_no=1)
    ledger.session(
        1, "B:7", site="a:b", stage=1, ratings=[place], effective_place=place
    )
    detail = queries.session("a:b:B:7:1:1")
    assert detail is not None
    assert detail.session.effective == EffectiveRating("event-01", 5, "customer")
    assert [rating.event_id for rating in detail.history] == ["event-01"]
    assert queries.session("a:b:B:7:1:2") is None
    assert queries.session("nonsense") is None
    assert queries.session_keys("B:7", None) == ["a:b:B:7:1:1"]


def test_a_session_implied_without_a_number_shows_none(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.session(1, "@12", ended_ms=NOON_MS + 5)
    wanted = SessionFilter(from_ms=NOON_MS + 5, to_ms=NOON_MS + 6, state="rated")
    ((session, _),) = [
        (one.session, one.history) for one in queries.sessions(wanted, ALL).items
    ]
    assert session.session_id is None
    assert session.stage is None


def test_devices_show_what_their_birth_said(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.device("d-1", presence={"state": "online", "firmware": "2.1", "model": "X"})
    ledger.device("d-2", lifecycle="retired", presence={"state": "offline"})
    ledger.device("d-3", lifecycle="pending", site="hall")
    online = queries.devices(DeviceFilter(presence="online"), ALL).items
    assert [(d.device_id, d.firmware, d.model) for d in online] == [("d-1", "2.1", "X")]
    assert [d.presence for d in queries.devices(DeviceFilter(), ALL).items] == [
        "unseen",
        "retired",
        "online",
    ]
    device = queries.device("d-3")
    assert device is not None
    assert (device.lifecycle, device.missing) == ("pending", 3)
    assert queries.device("d-4") is None


def test_held_are_all_items_that_wait(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.quarantine(1)
    ledger.quarantine(2, state="held", reason="unknown_device", device_id="d-2")
    ledger.quarantine(3, state="purged", payload=None)
    held = queries.quarantine(QuarantineFilter(state="held"), ALL).items
    assert [item.id for item in held] == [2, 1]
    of_device = queries.quarantine(QuarantineFilter(device="d-2"), ALL).items
    assert [item.id for item in of_device] == [2]
    purged = queries.quarantined(3)
    assert purged is not None
    assert purged.payload is None


def test_a_page_of_huge_payloads_ends_early_and_goes_on(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    for number in range(1, 5):
        ledger.quarantine(number, payload=bytes(3 * 1024 * 1024))
    page = queries.quarantine(QuarantineFilter(), ALL)
    assert [item.id for item in page.items] == [4, 3]
    rest = queries.quarantine(QuarantineFilter(), Slice(100, page.next_cursor))
    assert [item.id for item in rest.items] == [2, 1]


def test_alerts_are_chosen_by_state(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.alert("take_over")
    ledger.alert("session_lost", state="resolved", resolved_ms=NOON_MS)
    (alert,) = queries.alerts(AlertFilter(state="open"), ALL).items
    assert (alert.cause, alert.count) == ("take_over", 2)


def test_acts_are_found_by_place_and_by_key(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    place = Place(0, 5, 1, 0).pack()
    ledger.act(place, "device_approved", '{"device_id":"d-1"}', key="k")
    by_place = queries.act(place)
    assert by_place is not None
    assert by_place == queries.act_of_key("local", "k")
    assert queries.act_of_key("somebody", "k") is None
    assert queries.act(place + 1) is None


def test_owed_counts_what_each_sink_takes_beyond_its_cursor(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.sink("main", "influxdb")
    ledger.sink("ends", "backend", events='["session.closed"]')
    ledger.addressed("main", 5)
    ledger.outbox(1, *[recorded(f"event-{n:02}") for n in range(3)])
    ledger.outbox(4, recorded("event-10"), appended_ms=NOON_MS + 9)
    ledger.outbox(5, recorded("event-11"))
    cursors = [
        SinkCursor("main", 1, 2),
        SinkCursor("main", 2, 0),
        SinkCursor("ends", 0, 0),
    ]
    inside, between, none = queries.owed(cursors)
    assert (inside.addressed, inside.owed, inside.oldest_ms) == (5, 3, NOON_MS)
    assert (between.owed, between.oldest_ms) == (2, NOON_MS + 9)
    assert (none.addressed, none.owed, none.oldest_ms) == (0, 0, None)


def test_owed_follows_each_filter_only_where_it_was_in_force(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.sink("main", "backend", since_block=2, since_index=1)
    ledger.sink("main", "backend", since_block=4, events='["session.closed"]')
    for block in range(1, 6):
        ledger.outbox(block, *[recorded(f"event-{n:02}") for n in range(3)])
    (owed,) = queries.owed([SinkCursor("main", 0, 0)])
    assert owed.owed == 2 + 3


def test_owed_takes_in_what_was_appended_since_the_last_answer(
    ledger: LedgerFile, queries: SqliteLedgerQueries
) -> None:
    ledger.sink("main", "influxdb")
    ledger.outbox(1, recorded("event-01"))
    assert queries.owed([SinkCursor("main", 0, 0)])[0].owed == 1
    ledger.outbox(2, recorded("event-02"))
    assert queries.owed([SinkCursor("main", 0, 0)])[0].owed == 2
    assert queries.owed([SinkCursor("main", 2, 1)])[0].owed == 0
