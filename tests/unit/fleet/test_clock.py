"""A clock that is off by a constant multiple of half an hour is corrected."""

import pytest

from fleet.clock import ClockEvidence, observe_clock

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


def correction_after(*offsets_ms: int) -> int:
    evidence = ClockEvidence()
    for offset_ms in offsets_ms:
        evidence = observe_clock(evidence, offset_ms)
    return evidence.correction_ms


@pytest.mark.parametrize("hours", [-8, 8, 5.5, -3.5, 14])
def test_three_heartbeats_off_by_a_zone_correct_the_clock(hours: float) -> None:
    off = int(hours * HOUR_MS)
    assert correction_after(off, off + 90_000, off - 110_000) == -off


def test_two_heartbeats_are_not_enough() -> None:
    assert correction_after(-8 * HOUR_MS, -8 * HOUR_MS) == 0


def test_a_clock_that_is_right_needs_no_correction() -> None:
    assert correction_after(500, -900, 0, 1_000) == 0


def test_an_offset_that_is_not_constant_proves_no_zone() -> None:
    assert correction_after(-8 * HOUR_MS, -7 * HOUR_MS, -8 * HOUR_MS) == 0


@pytest.mark.parametrize("minutes", [3, 15, 27, 33])
def test_two_minutes_are_borne_and_no_more(minutes: int) -> None:
    assert correction_after(*[minutes * MINUTE_MS] * 5) == 0


def test_no_zone_is_further_than_fourteen_hours() -> None:
    assert correction_after(*[24 * HOUR_MS] * 5) == 0


def test_a_clock_set_right_is_no_longer_corrected() -> None:
    assert correction_after(*[-8 * HOUR_MS] * 9, 0) == 0


def test_terminals_whose_clocks_prove_the_same_share_what_is_known() -> None:
    one, other = (observe_clock(ClockEvidence(), 1_000 * n) for n in (1, 2))
    assert one is other
