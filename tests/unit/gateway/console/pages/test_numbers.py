"""Figures as people read them."""

import pytest

from gateway.console.pages.numbers import (
    NOTHING,
    count,
    duration,
    mean,
    percentage,
    size,
)
from gateway.console.wording import Words

THIN = "\N{NARROW NO-BREAK SPACE}"


def test_thousands_stand_apart() -> None:
    assert count(999) == "999"
    assert count(1_234_567) == f"1{THIN}234{THIN}567"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 30, "5.0 GiB")],
)
def test_bytes_come_in_a_unit_that_fits(number: int, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.4, "0 s", "0 秒"),
        (59, "59 s", "59 秒"),
        (60, "1 min", "1 分钟"),
        (12_000, "3 h 20 min", "3 小时 20 分"),
        (97_200, "1 d 3 h", "1 天 3 小时"),
    ],
)
def test_times_come_in_two_units_at_most(
    seconds: float, english: str, chinese: str
) -> None:
    assert duration(seconds, Words("live", "en")) == english
    assert duration(seconds, Words("live", "zh")) == chinese


def test_no_share_is_no_zero() -> None:
    assert percentage("75.00") == "75.0 %"
    assert percentage(None) == NOTHING


@pytest.mark.parametrize(
    ("text", "shown"),
    [("4.0625", "4.06"), ("4.0050", "4.01"), ("-0.1250", "-0.13"), (None, NOTHING)],
)
def test_a_mean_is_read_to_two_places(text: str | None, shown: str) -> None:
    assert mean(text) == shown
