"""Figures and names that rows work out themselves."""

from gateway.queries.rows import FateCounts


def test_the_total_is_the_sum_of_all_fates() -> None:
    counts = FateCounts(
        received=0,
        extra=0,
        accepted=1,
        duplicate=2,
        conflict=4,
        quarantined=8,
        ignored=16,
        deferred=32,
        processed_block=64,
        ordinal=128,
    )
    assert counts.total() == 63
