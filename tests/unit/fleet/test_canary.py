"""When a canary's way is slow or missing, and when it is well again."""

import pytest

from device_protocol.topics import is_device_id
from fleet.canary import Health, Terms, Way, arrive, ghost_of, is_ghost, look
from fleet.registry import is_reserved

TERMS = Terms(every_s=60, slow_s=10)
SECOND_MS = 1_000
MINUTE_MS = 60_000


def after(way: Way, *delays_s: float) -> Way:
    """A press a minute, each arriving so long after it was made."""
    for delay_s in delays_s:
        pressed_ms = (way.pressed_ms or 0) + MINUTE_MS
        way = arrive(way, pressed_ms, pressed_ms + round(delay_s * 1_000), TERMS)
    return way


@pytest.mark.parametrize(
    ("delays_s", "health"),
    [
        ((), "waiting"),
        ((0.1,), "ok"),
        ((11,), "ok"),
        ((10, 10), "ok"),
        ((11, 11), "slow"),
        ((11, 1, 11), "ok"),
        ((11, 11, 6), "slow"),
        ((11, 11, 5), "ok"),
        ((11, 11, 5, 11), "ok"),
    ],
)
def test_two_late_presses_in_a_row_are_slow_and_one_in_half_the_time_ends_it(
    delays_s: tuple[float, ...], health: str
) -> None:
    assert after(Way(0), *delays_s).health == health


@pytest.mark.parametrize(
    ("silent_ms", "health"),
    [(2 * MINUTE_MS + 10 * SECOND_MS, "ok"), (2 * MINUTE_MS + 10_001, "missing")],
)
def test_two_presses_that_should_have_come_are_missing(
    silent_ms: int, health: str
) -> None:
    way = after(Way(0), 0.1)
    assert look(way, MINUTE_MS + silent_ms, 0, TERMS).health == health


def test_the_first_press_is_waited_for_as_long_as_any_other() -> None:
    assert look(Way(0), 130_000, 0, TERMS).health == Health.WAITING
    assert look(Way(0), 130_001, 0, TERMS).health == Health.MISSING


def test_nothing_is_missing_until_we_have_listened_for_long_enough() -> None:
    way = after(Way(0), 0.1)
    assert look(way, 1_000_000, 900_000, TERMS).health == Health.OK
    assert look(way, 1_030_001, 900_000, TERMS).health == Health.MISSING


def test_what_was_missing_is_slow_while_old_presses_come_and_then_well() -> None:
    missing = look(after(Way(0), 0.1), 1_000_000, 0, TERMS)
    late = arrive(missing, 120_000, 1_000_500, TERMS)
    assert (late.health, late.delay_ms) == (Health.SLOW, 880_500)
    assert arrive(late, 1_020_000, 1_020_100, TERMS).health == Health.OK
    assert arrive(missing, 1_020_000, 1_020_100, TERMS).health == Health.OK


def test_an_older_press_than_the_last_tells_nothing() -> None:
    way = after(Way(0), 0.1)
    assert arrive(way, MINUTE_MS, 9 * MINUTE_MS, TERMS) is way


def test_a_clock_that_was_set_back_gives_no_negative_delay() -> None:
    assert after(Way(0), -5).delay_ms == 0


@pytest.mark.parametrize("site", ["hall", "大厅", "hall 1", "a.b", "x" * 64])
def test_every_site_has_a_ghost_of_its_own_whose_id_is_no_terminals(site: str) -> None:
    ghost = ghost_of(site)
    assert is_device_id(ghost)
    assert is_ghost(ghost)
    assert is_reserved(ghost)
    assert ghost != ghost_of(f"{site}2")
