"""The presence machine: its table, its silence, and its drawing in the docs."""

from pathlib import Path
from zoneinfo import ZoneInfo

from fleet.hours import Opening
from fleet.watching import (
    FLAPS_MAX,
    TRANSITIONS,
    Due,
    Habits,
    Presence,
    Sign,
    Watch,
    drawing,
    meet_boot,
    move,
    next_sign,
)

MINUTE_MS = 60_000
ALWAYS = Opening(None, ZoneInfo("UTC"), lambda _: True)
HABITS = Habits(MINUTE_MS, batch=False, opening=ALWAYS)
NOON_MS = 1_795_262_400_000


def test_the_page_shows_the_machine_as_it_is() -> None:
    page = Path(__file__).parents[3] / "docs" / "fleet.md"
    assert f"```mermaid\n{drawing()}\n```" in page.read_text("utf-8")


def test_every_state_can_be_reached_and_left() -> None:
    reached = set(TRANSITIONS.values())
    assert reached | {Presence.UNSEEN} == set(Presence)
    assert {before for before, _ in TRANSITIONS} == set(Presence)


def test_three_heartbeats_missed_are_stale_and_ten_are_offline() -> None:
    online, stale = Watch(state="online"), Watch(state="stale")
    assert next_sign(online, HABITS, NOON_MS, NOON_MS) == Due(
        NOON_MS + 3 * MINUTE_MS, Sign.MISSED_3
    )
    assert next_sign(stale, HABITS, NOON_MS, NOON_MS) == Due(
        NOON_MS + 10 * MINUTE_MS, Sign.MISSED_10
    )


def test_nobody_waits_for_a_device_never_seen() -> None:
    assert next_sign(Watch(), HABITS, 0, NOON_MS) is None


def test_coming_and_going_too_often_is_flapping() -> None:
    watch = Watch(state="online")
    for turn in range(FLAPS_MAX // 2 + 1):
        assert not watch.flapping
        move(watch, Sign.WILL, NOON_MS + turn * MINUTE_MS)
        move(watch, Sign.LIFE, NOON_MS + turn * MINUTE_MS + 1)
    assert watch.flapping


def test_a_boot_that_comes_back_twice_is_another_device() -> None:
    watch = Watch()
    found = [meet_boot(watch, boot, NOON_MS) for boot in ("a", "b", "a", "b", "a")]
    assert found == [False, False, False, True, False]


def test_twins_that_beat_twice_a_day_are_found_too() -> None:
    half_day_ms, watch = 12 * 60 * MINUTE_MS, Watch()
    found = [
        meet_boot(watch, boot, turn * half_day_ms, half_day_ms)
        for turn, boot in enumerate("abab")
    ]
    assert found == [False, False, False, True]


def test_boots_one_after_the_other_are_one_device() -> None:
    watch = Watch()
    assert not any(meet_boot(watch, f"b{n}", NOON_MS + n) for n in range(50))
