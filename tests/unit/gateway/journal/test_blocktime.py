"""The clock rule, second by second."""

import pytest

from gateway.journal.blocktime import (
    ABSENCE_MS_MAX,
    DEPARTURE_MS_MAX,
    BlockClock,
    BlockTime,
)

T = 1_795_000_000_000


class Kernel:
    """The kernel's word on its clock."""

    def __init__(self, *, synchronised: bool = False) -> None:
        self.synchronised = synchronised

    def __call__(self) -> bool:
        return self.synchronised


def running(kernel: Kernel | None = None) -> BlockClock:
    return BlockClock(BlockTime(T, suspect=False), T, 0, kernel or Kernel())


@pytest.mark.parametrize("departure_ms", [-DEPARTURE_MS_MAX, 0, DEPARTURE_MS_MAX])
def test_a_departure_of_a_minute_is_believed(departure_ms: int) -> None:
    time = running().stamp(T + 100_000 + departure_ms, 100_000)
    assert time == BlockTime(T + 100_000 + departure_ms, suspect=False)


@pytest.mark.parametrize("departure_ms", [-DEPARTURE_MS_MAX - 1, DEPARTURE_MS_MAX + 1])
def test_more_than_a_minute_is_suspect_and_time_goes_on_monotonically(
    departure_ms: int,
) -> None:
    clock = running()
    first = clock.stamp(T + 100_000 + departure_ms, 100_000)
    second = clock.stamp(T + 101_000 + departure_ms, 101_000)
    assert first == BlockTime(T + 100_000, suspect=True)
    assert second == BlockTime(T + 101_000, suspect=True)


def test_a_suspect_clock_that_returns_still_wants_a_word() -> None:
    clock = running()
    clock.stamp(T + 3_600_000, 1_000)
    assert clock.stamp(T + 2_000, 2_000) == BlockTime(T + 2_000, suspect=True)


def test_acceptance_believes_the_wall_clock_from_then_on() -> None:
    clock = running()
    clock.stamp(T + 3_600_000, 1_000)
    clock.accept(T + 3_601_000, 2_000)
    assert clock.stamp(T + 3_602_000, 3_000) == BlockTime(T + 3_602_000, suspect=False)


def test_an_accepted_clock_that_lies_behind_holds_time_still_until_it_catches_up() -> (
    None
):
    clock = running()
    clock.stamp(T - 3_600_000, 1_000)
    clock.accept(T - 3_599_000, 2_000)
    held = [clock.stamp(T - 3_599_000 + ms, 2_000 + ms) for ms in (0, 60_000)]
    caught_up = clock.stamp(T + 5_000, 3_606_000)
    assert held == [BlockTime(T + 1_000, suspect=False)] * 2
    assert caught_up == BlockTime(T + 5_000, suspect=False)


def test_synchronisation_ends_the_suspicion_from_the_next_block_on() -> None:
    kernel = Kernel()
    clock = running(kernel)
    kernel.synchronised = True
    assert clock.stamp(T + 3_600_000, 1_000).suspect
    assert clock.stamp(T + 3_601_000, 2_000) == BlockTime(T + 3_601_000, suspect=False)


def test_slow_drift_is_followed() -> None:
    clock = running()
    for minute in range(1, 200):
        wall_ms = T + minute * 70_000
        assert clock.stamp(wall_ms, minute * 60_000) == BlockTime(
            wall_ms, suspect=False
        )


@pytest.mark.parametrize(
    ("away_ms", "synchronised", "suspect"),
    [
        (ABSENCE_MS_MAX, False, False),
        (ABSENCE_MS_MAX + 1, False, True),
        (-ABSENCE_MS_MAX - 1, False, True),
        (ABSENCE_MS_MAX + 1, True, False),
    ],
)
def test_at_start_a_day_of_absence_wants_a_synchronised_clock(
    away_ms: int, *, synchronised: bool, suspect: bool
) -> None:
    kernel = Kernel(synchronised=synchronised)
    clock = BlockClock(BlockTime(T, suspect=False), T + away_ms, 50, kernel)
    time = clock.stamp(T + away_ms + 10, 60)
    assert time.suspect == suspect
    assert time.appended_ms == (T + 10 if suspect else T + away_ms + 10)


def test_a_restart_does_not_clear_a_suspicion() -> None:
    clock = BlockClock(BlockTime(T, suspect=True), T + 7_200_000, 0, Kernel())
    assert clock.stamp(T + 7_200_000, 0) == BlockTime(T, suspect=True)


def test_the_very_first_start_believes_the_wall_clock() -> None:
    clock = BlockClock(None, T, 0, Kernel())
    assert clock.stamp(T + 5, 5) == BlockTime(T + 5, suspect=False)
