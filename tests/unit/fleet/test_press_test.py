"""A press test confirms each key, and takes nothing from customers."""

import pytest

from fleet.press_test import (
    EARLY_MS,
    SETTLE_MS,
    TIMEOUT_MS,
    Key,
    Press,
    PressTest,
    PressTestError,
    cancel,
    keys_of,
    pressed_at,
    prove,
    prove_by_counters,
    start,
    take,
)

T = 1_795_000_000_000
MAP = {0: 5, 1: 3, 2: 1}


def fresh() -> PressTest:
    return start("t-1", "d-1", keys_of(MAP), T)


def press(after_ms: int, key: int | None = None, level: int | None = None) -> Press:
    """A live press some ms after the test began."""
    return Press(T + after_ms, T + after_ms + 300, key, level)


def pressed(test: PressTest, *keys: int) -> PressTest:
    for at, key in enumerate(keys):
        test = take(test, press(1_000 * (at + 1), key=key))
    return test


def test_each_key_is_confirmed_in_any_order() -> None:
    test = pressed(fresh(), 2, 0)
    assert [one.key for one in test.missing] == [1]
    assert test.state(T + 5_000) == "running"
    assert pressed(fresh(), 2, 0, 1).state(T + 5_000) == "passed"


def test_a_key_that_stays_silent_fails_the_test_when_its_time_is_over() -> None:
    test = pressed(fresh(), 2, 0, 2)
    assert test.state(T + TIMEOUT_MS - 1) == "running"
    assert test.state(T + TIMEOUT_MS) == "failed"
    assert [one.presses for one in test.keys] == [1, 0, 2]


def test_terminals_that_send_levels_alone_are_tested_by_level() -> None:
    test = start("t-1", "d-1", keys_of({}), T)
    for at, level in enumerate((1, 2, 3, 4, 5)):
        test = take(test, press(at * 500, level=level))
    assert test.state(T + 5_000) == "passed"
    assert keys_of({}, (5, 1)) == (Key(level=5), Key(level=1))


def test_a_level_proves_no_key_where_several_give_it() -> None:
    test = start("t-1", "d-1", keys_of({0: 5, 1: 5}), T)
    assert take(test, press(1_000, level=5)) == test
    assert take(test, press(1_000, key=1, level=5)).missing == (Key(0, 5),)


def test_a_customers_press_that_was_kept_by_the_terminal_is_left_alone() -> None:
    kept = Press(T - 60_000, T + 1_000, key=0)
    assert pressed_at(fresh(), kept) is None
    assert take(fresh(), kept) == fresh()


def test_a_press_received_before_the_test_is_left_alone() -> None:
    assert pressed_at(fresh(), Press(T - 500, T - 1, key=0)) is None


def test_a_press_of_the_test_that_comes_late_belongs_to_it() -> None:
    test = pressed(fresh(), 0, 1)
    assert test.state(T + TIMEOUT_MS) == "failed"
    late = take(test, Press(T + 9_000, T + 3_600_000, key=2))
    assert late.state(T + 3_600_000) == "passed"


def test_a_clock_known_to_be_wrong_is_reckoned_with() -> None:
    ahead = Press(T + 241_000, T + 1_200, key=0, clock_offset_ms=240_000)
    assert pressed_at(fresh(), ahead) == T + 1_000
    assert pressed_at(fresh(), ahead._replace(clock_offset_ms=0)) is None


def test_what_the_terminal_marks_itself_belongs_however_wrong_its_clock() -> None:
    marked = Press(T - 9_000_000, T + 1_200, key=0, marked=True)
    assert pressed_at(fresh(), marked) == T + 1_200
    assert pressed_at(fresh(), marked._replace(received_ms=T + TIMEOUT_MS)) is None


def test_the_bounds_of_a_test_are_half_open() -> None:
    since_ms, until_ms = fresh().span
    assert (since_ms, until_ms) == (T - EARLY_MS, T + TIMEOUT_MS)
    inside = [Press(at, T + 1, key=0) for at in (since_ms, until_ms - 1)]
    outside = [Press(at, T + 1, key=0) for at in (since_ms - 1, until_ms)]
    assert [pressed_at(fresh(), one) is None for one in (*inside, *outside)] == [
        False,
        False,
        True,
        True,
    ]


def test_soon_after_the_last_key_customers_count_again() -> None:
    test = pressed(fresh(), 0, 1, 2)
    assert test.span[1] == T + 3_000 + SETTLE_MS
    assert pressed_at(test, press(3_000 + SETTLE_MS, key=0)) is None
    assert pressed_at(test, press(2_999 + SETTLE_MS, key=0)) is not None


def test_terminals_that_know_the_command_may_prove_keys_by_an_answer() -> None:
    test = prove(pressed(fresh(), 0), [0, 1, 2, 9], T + 4_000)
    assert test.state(T + 5_000) == "passed"
    assert [one.presses for one in test.keys] == [1, 1, 1]


def test_counters_prove_keys_unless_they_began_anew() -> None:
    test = prove_by_counters(fresh(), [2, 0, 1], T + 4_000)
    assert [one.key for one in test.missing] == [1]
    assert prove_by_counters(fresh(), None, T + 4_000) == fresh()


def test_a_test_that_is_cancelled_ends_at_once() -> None:
    test = cancel(pressed(fresh(), 0), T + 2_000)
    assert test.state(T + 2_000) == "cancelled"
    assert pressed_at(test, press(2_000, key=1)) is None
    over = cancel(fresh(), T + TIMEOUT_MS)
    assert over.state(T + TIMEOUT_MS) == "failed"


def test_each_key_says_whether_it_was_confirmed() -> None:
    assert [one.confirmed for one in pressed(fresh(), 1).keys] == [False, True, False]


@pytest.mark.parametrize(
    ("keys", "timeout_ms", "words"),
    [
        ((), 1, "of 1 to 16 keys"),
        ((Key(level=1),) * 17, 1, "of 1 to 16 keys"),
        ((Key(level=1),), 0, "up to 600 s"),
        ((Key(level=1),), 600_001, "up to 600 s"),
    ],
)
def test_what_cannot_be_tested_is_told_so(
    keys: tuple[Key, ...], timeout_ms: int, words: str
) -> None:
    with pytest.raises(PressTestError, match=words):
        start("t-1", "d-1", keys, T, timeout_ms)
