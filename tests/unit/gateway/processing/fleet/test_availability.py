"""Availability through the fold: summed up by day, corrected by what is learnt late."""

from collections.abc import Iterator

import pytest

from tests.support.folding import DAY_MS, START_MS, FoldedLedger, message, snapshot

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
MONDAY_MS = START_MS + DAY_MS + 4 * HOUR_MS
"""Midnight in Shanghai before 23 November 2026; START_MS is Saturday, 20:00."""
SERVED_MS = 8 * HOUR_MS


class World:
    def __init__(self) -> None:
        self.ledger = FoldedLedger(start_ms=MONDAY_MS)
        self.ledger.rules()
        for table, row in (
            ("sites", {"id": "hall", "hours": "09:00-17:00"}),
            ("devices", {"device_id": "d-1", "site": "hall", "model": "E5"}),
        ):
            self.ledger.act("tables_applied", {"table": table, "rows": [row]})
        self.told("online")

    def told(self, state: str) -> None:
        body = {"v": 1, "state": state, "conn_id": "c1", "boot_id": "b1"}
        now_ms = self.ledger.clock.wall_ms()
        self.ledger.append([message("d-1", body, now_ms, "presence")])

    def until(self, hours: float, *, beating: bool = True) -> None:
        """So many hours after that midnight; it beats each minute, or nothing comes."""
        clock = self.ledger.clock
        end_ms = MONDAY_MS + int(hours * HOUR_MS)
        while (now_ms := clock.wall_ms()) < end_ms:
            clock.advance(min(10 * MINUTE_MS, end_ms - now_ms))
            beat = message("d-1", {"v": 1}, clock.wall_ms(), "heartbeat")
            self.ledger.take(*([beat] if beating else []))

    def days(self) -> list[tuple[int, ...]]:
        return self.ledger.all(
            "SELECT required_ms, down_ms, failures, repairs, repair_ms, unobserved_ms"
            " FROM availability_day ORDER BY day"
        )


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    profile = {"profiles": {"E5": {"heartbeat_interval_s": 600}}}
    world.ledger.act("profiles_applied", profile)
    world.ledger.act(
        "tables_applied",
        {"table": "devices", "rows": [{"device_id": "d-1", "profile": "E5"}]},
    )
    yield world
    other = world.ledger.refolded(blocks=7)
    assert snapshot(other.store) == snapshot(world.ledger.store)
    other.close()
    world.ledger.close()


def test_an_absence_counts_until_the_device_is_heard(world: World) -> None:
    world.until(10)
    world.told("offline")
    world.until(12, beating=False)
    world.until(24.6)
    two_ms = 2 * HOUR_MS + 10 * MINUTE_MS
    assert world.days() == [(SERVED_MS, two_ms, 1, 1, two_ms, 0)]


def test_an_absence_over_night_is_one_failure_and_its_repair_is_learnt_later(
    world: World,
) -> None:
    world.until(16)
    world.told("offline")
    world.until(24.6, beating=False)
    assert world.days() == [(SERVED_MS, HOUR_MS, 1, 0, 0, 0)]
    world.until(33.99, beating=False)
    world.until(48.6)
    down_ms = 60 * MINUTE_MS
    both_ms = down_ms + HOUR_MS + 10 * MINUTE_MS
    first, second = world.days()
    assert first == (SERVED_MS, down_ms, 1, 0, 0, 0)
    assert second[:4] == (SERVED_MS, second[1], 0, 1)
    assert HOUR_MS <= second[1] <= both_ms - down_ms
    assert second[4] == down_ms + second[1]


def test_a_night_proves_nothing_and_harms_nothing(world: World) -> None:
    world.until(20)
    world.told("offline")
    world.until(31, beating=False)
    world.until(48.6)
    assert [row[1:4] for row in world.days()] == [(0, 0, 0), (0, 0, 0)]


def test_a_late_closure_excuses_the_day(world: World) -> None:
    world.until(10)
    world.told("offline")
    world.until(12, beating=False)
    world.until(30)
    row = {"site": "hall", "from": "2026-11-23", "to": "2026-11-24"}
    world.ledger.act("tables_applied", {"table": "closures", "rows": [row]})
    assert world.days() == [(0, 0, 0, 0, 0, 0)]
    world.ledger.act(
        "tables_applied",
        {"table": "closures", "rows": [row | {"to": "2026-11-23T01:00+08:00"}]},
    )
    assert world.days()[0][2:4] == (1, 1)


def test_what_the_gateway_could_not_see_is_not_required(world: World) -> None:
    world.until(10)
    world.ledger.act("link_down", {"reason": "gone"})
    world.until(13, beating=False)
    world.ledger.act("link_up", {})
    world.ledger.act("link_drained", {})
    world.until(24.6)
    ((required, down, failures, *_, unobserved),) = world.days()
    assert (down, failures) == (0, 0)
    assert required + unobserved == SERVED_MS
    assert abs(unobserved - 3 * HOUR_MS) < MINUTE_MS


def test_days_without_a_block_are_summed_up_afterwards(world: World) -> None:
    world.until(10)
    world.ledger.clock.advance(3 * DAY_MS)
    world.ledger.take()
    assert len(world.days()) == 3
