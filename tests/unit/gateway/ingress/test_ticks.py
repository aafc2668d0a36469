from gateway.ingress.ticks import Ticks
from gateway.ports import Record, RecordKind
from tests.support.intake import header

WALL_MS = 1_795_000_000_000
ACT = Record(RecordKind.ACT, "x", b"{}", WALL_MS)


def test_an_idle_journal_ticks_each_minute() -> None:
    ticks = Ticks(None, wall_ms=WALL_MS, now_ms=500)
    assert ticks.due_ms() == 60_500
    ticks.appended(header(1, [ACT], WALL_MS), 30_000)
    assert ticks.due_ms() == 90_000


def test_a_timer_brings_the_tick_forward() -> None:
    ticks = Ticks(None, wall_ms=WALL_MS, now_ms=0)
    ticks.ask(WALL_MS + 7000)
    assert ticks.due_ms() == 7000


def test_the_earliest_timer_counts() -> None:
    ticks = Ticks(None, wall_ms=WALL_MS, now_ms=0)
    ticks.ask(WALL_MS + 7000)
    ticks.ask(WALL_MS + 9000)
    assert ticks.due_ms() == 7000


def test_a_block_at_or_after_the_timer_settles_it() -> None:
    ticks = Ticks(None, wall_ms=WALL_MS, now_ms=0)
    ticks.ask(WALL_MS + 7000)
    ticks.appended(header(1, [ACT], WALL_MS + 6999), 6999)
    assert ticks.due_ms() == 7000
    ticks.appended(header(2, [ACT], WALL_MS + 7000), 7000)
    assert ticks.due_ms() == 67_000


def test_ticks_that_follow_each_other_are_two_seconds_apart() -> None:
    ticks = Ticks(None, wall_ms=WALL_MS, now_ms=0)
    for records in ([], [ACT]):  # a tick may take along what waits
        ticks.ticked(5000)
        ticks.appended(header(1, records, WALL_MS + 5000), 5000)
        ticks.ask(WALL_MS + 5001)
        assert ticks.due_ms() == 7000


def test_journal_time_and_not_the_wall_clock_decides() -> None:
    head = header(1, [ACT], WALL_MS)
    ticks = Ticks(head, wall_ms=WALL_MS - 3_600_000, now_ms=0)
    ticks.ask(WALL_MS + 7000)
    assert ticks.due_ms() == 7000
