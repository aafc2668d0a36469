from gateway.backoff import Backoff, full_jitter_ms


def test_the_delay_doubles_up_to_the_cap() -> None:
    delays = [full_jitter_ms(n, 100, 1000, lambda: 0.999_999) for n in range(1, 7)]
    assert delays == [99, 199, 399, 799, 999, 999]


def test_jitter_is_full() -> None:
    assert full_jitter_ms(5, 100, 1000, lambda: 0.0) == 0


def test_any_number_of_failures_keeps_the_cap() -> None:
    assert full_jitter_ms(10**9, 100, 1000, lambda: 0.5) == 500


def test_a_success_starts_again() -> None:
    backoff = Backoff(100, 1000, lambda: 0.5)
    assert [backoff.failed_ms() for _ in range(3)] == [50, 100, 200]
    assert backoff.failures == 3
    backoff.reset()
    assert backoff.failed_ms() == 50
