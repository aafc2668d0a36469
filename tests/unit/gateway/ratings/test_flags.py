"""Each flag fires on its evidence and not a millisecond before."""

import pytest

from fleet.hours import Span
from gateway.ratings import flags
from gateway.ratings.flags import EXCLUDING, FLAGS, Flag, FlagRules, Pressed, keeps_out

RULES = FlagRules()
NOW = 1_000_000


def presses(*ago_ms: int, key: int = 5) -> list[Pressed]:
    return [Pressed(NOW - ago, key, f"d:{ago}") for ago in ago_ms]


def pressed(key: int = 5) -> Pressed:
    return Pressed(NOW, key, "d:now")


def test_eleven_presses_within_a_minute_are_a_burst() -> None:
    ten = presses(*range(1_000, 11_000, 1_000))
    assert flags.burst(pressed(), ten, RULES) == Flag(
        "burst", {"presses": 11, "within_ms": 60_000}
    )
    assert flags.burst(pressed(), ten[1:], RULES) is None
    assert flags.burst(pressed(), [*ten[1:], *presses(60_000)], RULES) is None


def test_a_key_held_or_a_metronome_is_stuck() -> None:
    assert flags.stuck_key(pressed(), [], 10_001, RULES) == Flag(
        "stuck_key", {"key": 5, "held_ms": 10_001}
    )
    assert flags.stuck_key(pressed(), [], 10_000, RULES) is None
    steady = presses(2_000, 4_000, 6_010, 8_000, 10_000)
    assert flags.stuck_key(pressed(), steady, None, RULES) == Flag(
        "stuck_key", {"key": 5, "every_ms": 2_000}
    )
    people = presses(2_000, 4_000, 6_100, 8_000, 10_000)
    assert flags.stuck_key(pressed(), people, None, RULES) is None
    assert flags.stuck_key(pressed(), steady[:4], None, RULES) is None
    other = presses(2_000, 4_000, 6_010, 8_000, 10_000, key=4)
    assert flags.stuck_key(pressed(), other, None, RULES) is None


def test_two_keys_at_once_are_a_hand_on_the_panel() -> None:
    (other,) = presses(100, key=1)
    assert flags.multi_key(pressed(), [other], RULES) == Flag(
        "multi_key", {"other_key": 1, "apart_ms": 100}
    )
    assert flags.multi_key(pressed(), presses(101, key=1), RULES) is None
    assert flags.multi_key(pressed(), presses(1), RULES) is None


def test_an_answer_sooner_than_the_question_can_be_read_is_too_fast() -> None:
    assert flags.too_fast(299, RULES) == Flag("too_fast", {"prompt_delay_ms": 299})
    assert flags.too_fast(300, RULES) is None
    assert flags.too_fast(None, RULES) is None


def test_after_the_next_session_has_opened_the_customer_had_left() -> None:
    assert flags.after_departure(NOW, NOW) == Flag(
        "after_departure", {"next_opened_ms": NOW}
    )
    assert flags.after_departure(NOW, NOW + 1) is None
    assert flags.after_departure(NOW, None) is None


def test_a_press_between_sessions_is_out_of_session() -> None:
    assert flags.out_of_session(NOW, [(NOW - 9, NOW)]) == Flag("out_of_session")
    assert flags.out_of_session(NOW, [(NOW - 9, None)]) is None
    assert flags.out_of_session(NOW, []) is None


def test_a_press_while_the_site_is_closed_is_outside_hours() -> None:
    closed = Span(is_open=False, since_ms=NOW - 5, until_ms=NOW + 9)
    assert flags.outside_hours(closed) == Flag(
        "outside_hours", {"closed_ms": NOW - 5, "opens_ms": NOW + 9}
    )
    assert flags.outside_hours(closed._replace(is_open=True)) is None


@pytest.mark.parametrize("name", sorted(FLAGS))
def test_which_flags_exclude_is_a_table(name: str) -> None:
    assert keeps_out([name], EXCLUDING) == (name in EXCLUDING)
    assert keeps_out([name], frozenset({"late"})) == (name in {"late", "press_test"})


def test_a_table_names_flags_only() -> None:
    assert flags.table_errors({"late", "burst"}) == []
    assert flags.table_errors({"lates"})[0].startswith("'lates' is no flag: choose of")
