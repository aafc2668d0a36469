"""What is said of the clock."""

import pytest

from gateway.app.doctor import Level
from gateway.app.doctor.clock import compared, kept


def test_a_clock_that_nothing_keeps_right() -> None:
    assert kept(synchronised=True).level is Level.OK
    finding = kept(synchronised=False)
    assert finding.level is Level.WARN
    assert "chrony" in finding.advice


@pytest.mark.parametrize(
    ("ahead_s", "level", "words"),
    [
        (0.9, Level.OK, "like hook's"),
        (-4.0, Level.OK, "like hook's"),
        (30.0, Level.WARN, "30 s ahead of hook's"),
        (-30.0, Level.WARN, "30 s behind hook's"),
        (-4000.0, Level.FAIL, "4000 s behind hook's"),
    ],
)
def test_a_clock_unlike_others(ahead_s: float, level: Level, words: str) -> None:
    finding = compared("hook", ahead_s)
    assert finding.level is level
    assert words in finding.detail
