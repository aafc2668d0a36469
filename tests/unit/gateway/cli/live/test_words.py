"""Figures as people read them."""

import pytest

from gateway.cli.live.words import (
    duration,
    latency,
    level_words,
    megabytes,
    rate,
    satisfaction,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.9, "9.9 s"),
        (42.0, "42 s"),
        (180.0, "3 min"),
        (7200.0, "2 h"),
        (200_000.0, "2 d"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_rates_sizes_and_latencies() -> None:
    assert [rate(None), rate(3.21), rate(12_345.6)] == ["", "3.2/s", "12,346/s"]
    assert [megabytes(5000), megabytes(3 << 20)] == ["4 KiB", "3 MiB"]
    assert [latency(12), latency(-3), latency(61_000)] == ["+12 ms", "-3 ms", "+61 s"]


def test_levels_and_what_is_none() -> None:
    assert level_words(3) == ":-| neutral"
    assert level_words(None).strip() == "outside the scale"


def test_satisfaction_of_nobody_is_no_number() -> None:
    assert satisfaction({}) == "-"
    assert satisfaction({5: 1, 4: 1, 3: 1}) == "66.67 %"
