from gateway.backoff import Backoff
from gateway.mqtt.reconnecting import (
    EVICTION_MS,
    EVICTIONS_MAX,
    PEACE_MS,
    STEADY_MS,
    Reconnecting,
    Retry,
)

MINUTE_MS = 60_000
EVICTED = Retry(MINUTE_MS, taken_over=True)
AT_ONCE = Retry(0, taken_over=False)


def reconnecting() -> Reconnecting:
    return Reconnecting(Backoff(100, 1000, lambda: 0.5), MINUTE_MS)


def wordless(policy: Reconnecting, lived_ms: int = 5) -> Retry:
    return policy.ended(lived_ms, announced=False, wordless=True)


def spoken(policy: Reconnecting, lived_ms: int = 5) -> Retry:
    return policy.ended(lived_ms, announced=False, wordless=False)


def test_failed_attempts_back_off() -> None:
    policy = reconnecting()
    assert [policy.failed().delay_ms for _ in range(3)] == [50, 100, 200]


def test_an_announced_take_over_waits_a_minute() -> None:
    assert reconnecting().ended(5, announced=True, wordless=False) == EVICTED


def test_a_connection_closed_without_a_word_is_tried_again_at_once() -> None:
    assert wordless(reconnecting(), lived_ms=10**9) == AT_ONCE


def test_evicted_several_times_in_a_row_it_is_taken_over() -> None:
    policy = reconnecting()
    retries = [wordless(policy) for _ in range(EVICTIONS_MAX)]
    assert retries == [AT_ONCE] * (EVICTIONS_MAX - 1) + [EVICTED]


def test_a_broker_that_dies_and_refuses_takes_nothing_over() -> None:
    policy = reconnecting()
    for _ in range(20):
        assert wordless(policy) == AT_ONCE
        policy.failed()


def test_connections_that_lived_were_not_evicted() -> None:
    policy = reconnecting()
    assert all(wordless(policy, EVICTION_MS) == AT_ONCE for _ in range(20))


def test_a_contested_session_is_left_alone_until_there_was_peace() -> None:
    policy = reconnecting()
    policy.ended(5, announced=True, wordless=False)
    assert wordless(policy, PEACE_MS - 1) == EVICTED
    assert wordless(policy, PEACE_MS) == AT_ONCE


def test_a_broker_that_says_why_is_given_time() -> None:
    policy = reconnecting()
    assert [spoken(policy).delay_ms for _ in range(2)] == [50, 100]
    assert spoken(policy, STEADY_MS).delay_ms == 50
