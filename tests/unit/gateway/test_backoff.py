"""Waiting before the next try."""

import pytest

from gateway.backoff import full_jitter_ms


@pytest.mark.parametrize(
    ("attempt", "ceiling_ms"), [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000)]
)
def test_the_ceiling_doubles_with_each_failure_up_to_the_cap(
    attempt: int, ceiling_ms: int
) -> None:
    assert full_jitter_ms(attempt, 100, 1000, lambda: 1.0) == ceiling_ms
    assert full_jitter_ms(attempt, 100, 1000, lambda: 0.5) == ceiling_ms // 2
    assert full_jitter_ms(attempt, 100, 1000, lambda: 0.0) == 0


def test_a_million_failures_still_wait_the_cap() -> None:
    assert full_jitter_ms(1_000_000, 100, 30_000, lambda: 1.0) == 30_000
