"""Wrong passwords cost time, in bounded memory."""

import pytest

from gateway.clock import SteppedClock
from gateway.console.throttle import FREE, KEYS_MAX, WAIT_MS, WAIT_MS_MAX, Throttle


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def throttle(clock: SteppedClock) -> Throttle:
    return Throttle(clock)


def fail(throttle: Throttle, *keys: str, times: int = FREE) -> None:
    for _ in range(times):
        throttle.failed(keys)


def test_the_first_ones_are_free(throttle: Throttle) -> None:
    fail(throttle, "li", times=FREE - 1)
    assert throttle.wait_ms(["li"]) == 0


def test_each_further_one_doubles_the_wait_up_to_a_bound(
    throttle: Throttle, clock: SteppedClock
) -> None:
    fail(throttle, "li")
    waits = []
    for _ in range(12):
        waits.append(throttle.wait_ms(["li"]))
        clock.advance(waits[-1])
        assert throttle.wait_ms(["li"]) == 0
        fail(throttle, "li", times=1)
    assert waits[:3] == [WAIT_MS, 2 * WAIT_MS, 4 * WAIT_MS]
    assert waits[-1] == WAIT_MS_MAX


def test_an_address_that_tries_many_names_waits_too(throttle: Throttle) -> None:
    for name in "abcde":
        fail(throttle, name, "10.0.0.1", times=1)
    assert throttle.wait_ms(["f", "10.0.0.1"]) == WAIT_MS
    assert throttle.wait_ms(["f", "10.0.0.2"]) == 0


def test_the_right_password_forgets_what_was_counted(throttle: Throttle) -> None:
    fail(throttle, "li")
    throttle.succeeded("li")
    assert throttle.wait_ms(["li"]) == 0


def test_what_is_long_ago_is_forgotten(throttle: Throttle, clock: SteppedClock) -> None:
    fail(throttle, "li", times=20)
    clock.advance(2 * WAIT_MS_MAX)
    fail(throttle, "li", times=1)
    assert throttle.wait_ms(["li"]) == 0


def test_memory_is_bounded_whatever_is_tried(throttle: Throttle) -> None:
    for number in range(KEYS_MAX + 50):
        throttle.failed([f"address {number}"])
    assert len(throttle) == KEYS_MAX
    assert throttle.refused == KEYS_MAX + 50
