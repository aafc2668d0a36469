from pathlib import Path

from gateway.clock import SystemClock
from gateway.ingress.gate import settings_folded

CLOCK = SystemClock()


async def test_the_digest_of_our_settings_opens_the_gate(tmp_path: Path) -> None:
    applied = tmp_path / "applied.digest"
    applied.write_text("abc\n")
    assert await settings_folded(
        applied, "abc", clock=CLOCK, timeout_ms=None, stopped=lambda: False
    )


async def test_other_settings_keep_it_closed_until_the_time_is_over(
    tmp_path: Path,
) -> None:
    applied = tmp_path / "applied.digest"
    applied.write_text("old")
    assert not await settings_folded(
        applied, "abc", clock=CLOCK, timeout_ms=60, stopped=lambda: False
    )


async def test_a_stop_ends_the_waiting(tmp_path: Path) -> None:
    looks = iter([False, False, True])
    assert not await settings_folded(
        tmp_path / "absent",
        "abc",
        clock=CLOCK,
        timeout_ms=None,
        stopped=lambda: next(looks),
    )
