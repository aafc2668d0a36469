"""Each rule of health: when it is raised, when it clears, and what it says."""

import re
from pathlib import Path

import msgspec
import pytest

from device_protocol.messages import Check, SelfTest
from fleet.findings import DAY_MS, HOUR_MS, Findings, forget_habit, remember
from fleet.health import RULES, diagnose, health_of, take_selftest
from fleet.trend import days_left
from fleet.vitals import Vitals

MINUTE_MS = 60_000
NOON_MS = 1_795_262_400_000


class Terminal:
    """A terminal that beats once a minute while its site serves."""

    def __init__(self) -> None:
        self.found = Findings()
        self.vitals = Vitals(received_ms=NOON_MS)
        self.ratings = 0

    def beat(self, after_ms: int = MINUTE_MS, /, **figures: object) -> list[str]:
        """The codes that stand after a heartbeat with these figures."""
        self.vitals.received_ms += after_ms
        for name, value in figures.items():
            setattr(self.vitals, name, value)
        remember(self.found, self.vitals, self.ratings, serving=True)
        diagnose(self.found, self.vitals)
        return [reason.code for reason in self.found.reasons]

    def beats(self, times: int, **figures: object) -> list[str]:
        for _ in range(times):
            codes = self.beat(**figures)
        return codes


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.mark.parametrize(
    ("code", "figure", "values"),
    [
        ("battery", "battery_pct", (90, 25, 19)),
        ("signal", "rssi_dbm", (-60, -78, -85)),
        ("storage", "storage_free_pct", (50, 12, 5)),
        ("temperature", "temperature_c", (22, 57, 65)),
        ("clock", "clock_offset_ms", (0, 90_000, -130_000)),
        ("buffer", "buffer_depth", (0, 50, 150)),
    ],
)
def test_a_figure_raises_after_a_while_and_clears_at_another_threshold(
    terminal: Terminal, code: str, figure: str, values: tuple[int, int, int]
) -> None:
    well, between, bad = values
    assert terminal.beats(40, **{figure: between}) == []
    assert terminal.beat(**{figure: bad}) == []
    assert terminal.beats(31, **{figure: bad}) == [code]
    assert terminal.beats(2, **{figure: between}) == [code]
    assert terminal.beat(**{figure: well}) == []


def test_a_short_excursion_raises_nothing(terminal: Terminal) -> None:
    for _ in range(20):
        assert terminal.beats(5, temperature_c=70) == []
        assert terminal.beat(temperature_c=20) == []


def test_a_battery_on_mains_is_no_concern(terminal: Terminal) -> None:
    assert terminal.beats(20, battery_pct=3, power="mains") == []


def test_a_cell_that_empties_is_foretold(terminal: Terminal) -> None:
    codes: list[str] = []
    for day in range(12):
        codes = terminal.beat(DAY_MS, battery_pct=90 - 6 * day)
    assert codes == ["battery_forecast"]


def test_a_trend_bears_odd_samples() -> None:
    samples = [(day, 100.0 - 2 * day) for day in range(10)]
    samples[3], samples[7] = (3, 10.0), (7, 99.0)
    left = days_left(samples)
    assert left is not None
    assert abs(left - 41) < 3


def test_a_key_pressed_without_end_is_stuck(terminal: Terminal) -> None:
    terminal.beat(key_counts=(5, 5))
    assert terminal.beat(key_counts=(5, 65)) == ["stuck_key"]
    assert terminal.beats(61) == []


def test_a_key_that_no_longer_counts_is_found_by_its_own_share(
    terminal: Terminal,
) -> None:
    terminal.beat(key_counts=(0, 0))
    for turn in range(1, 51):
        terminal.ratings = turn * 10
        assert terminal.beat(HOUR_MS, key_counts=(turn * 9, turn)) == []
    codes: list[str] = []
    for turn in range(51, 90):
        terminal.ratings = turn * 9 + 50
        codes = terminal.beat(HOUR_MS, key_counts=(turn * 9, 50))
    assert codes == ["dead_key"]
    assert "key 1" in terminal.found.reasons[0].text


def test_a_key_seldom_pressed_is_not_dead(terminal: Terminal) -> None:
    terminal.beat(key_counts=(0, 0))
    for turn in range(1, 100):
        terminal.ratings = turn * 10
        assert terminal.beat(HOUR_MS, key_counts=(turn * 10, 0)) == []


def test_a_self_test_that_misses_a_key_finds_it_at_once(terminal: Terminal) -> None:
    terminal.beat(key_counts=(1, 1, 1))
    test = SelfTest(
        event_id="event-01",
        content_hash=b"",
        claimed_ms=None,
        claimed_local=None,
        mode="live",
        seq=None,
        boot_id=None,
        uptime_ms=None,
        sent_uptime_ms=None,
        unknown_fields=0,
        derived_id=False,
        trigger="inspection",
        items=(Check("sound", "fail"),),
        keys_pressed=(0, 2),
    )
    take_selftest(terminal.found, test, 3, NOON_MS)
    passed = msgspec.structs.replace(test, items=(), keys_pressed=(0, 1, 2))
    take_selftest(terminal.found, passed, 3, NOON_MS - 1)  # an older one, late
    assert terminal.beat() == ["selftest", "dead_key"]
    assert health_of(terminal.found) == "failed"


def test_a_device_that_keeps_restarting_has_failed(terminal: Terminal) -> None:
    for _ in range(5):
        terminal.beat(uptime_s=500)
        codes = terminal.beat(uptime_s=5)
    assert codes == ["restarts"]


def test_alive_but_silent_is_found_by_its_own_past(terminal: Terminal) -> None:
    for _ in range(24 * 21):
        terminal.ratings += 6
        assert terminal.beat(HOUR_MS) == []
    assert terminal.beat(HOUR_MS) == []
    assert terminal.beat(HOUR_MS) == []
    assert terminal.beat(HOUR_MS) == ["silent"]
    terminal.ratings += 1
    assert terminal.beat(HOUR_MS) == []


def test_of_an_hour_that_is_seldom_used_little_is_expected(terminal: Terminal) -> None:
    """One rating in four weeks is a quarter of one a week, not a whole one."""
    for hour in range(168 * 12):
        terminal.ratings += (hour + hour // 168) % 4 == 0
        assert terminal.beat(HOUR_MS) == []
    silent = [bool(terminal.beat(HOUR_MS)) for _ in range(120)]
    assert not silent[50]  # twelve and a half would have come
    assert silent[-1]


def used(terminal: Terminal) -> Terminal:
    """After three weeks of six ratings an hour."""
    for _ in range(24 * 21):
        terminal.ratings += 6
        terminal.beat(HOUR_MS)
    return terminal


def test_while_a_terminal_was_without_power_nobody_could_rate(
    terminal: Terminal,
) -> None:
    used(terminal)
    for _ in range(20):
        assert terminal.beat(HOUR_MS, uptime_s=60) == []


def test_ratings_that_wait_in_a_terminal_do_not_lack(terminal: Terminal) -> None:
    used(terminal)
    for _ in range(5):
        assert "silent" not in terminal.beat(HOUR_MS, buffer_depth=20)


def test_a_terminal_that_stands_elsewhere_has_no_habits(terminal: Terminal) -> None:
    used(terminal)
    forget_habit(terminal.found, terminal.vitals.received_ms)
    for _ in range(24 * 13):
        assert terminal.beat(HOUR_MS) == []


def test_presses_that_never_come_are_missed(terminal: Terminal) -> None:
    codes: list[str] = []
    for day in range(4):
        terminal.ratings += 10
        codes = terminal.beat(DAY_MS, key_counts=(100 * day, 0))
    assert codes == ["lost_presses"]
    assert terminal.beat(DAY_MS) == ["lost_presses"]  # the day before is judged
    assert terminal.beat(DAY_MS) == [
        "lost_presses"
    ]  # nobody pressed: nothing is mended


def test_reported_faults_are_reasons_while_they_are_reported(
    terminal: Terminal,
) -> None:
    assert terminal.beat(faults=("rtc",)) == ["fault_rtc"]
    assert health_of(terminal.found) == "degraded"
    assert terminal.beat(faults=()) == []


def test_the_page_explains_every_rule() -> None:
    page = (Path(__file__).parents[3] / "docs" / "fleet.md").read_text("utf-8")
    explained = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert explained == [rule.code for rule in RULES]
