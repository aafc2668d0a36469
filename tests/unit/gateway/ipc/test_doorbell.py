"""Bells wake who listens and never hold up who rings."""

import asyncio
import time
from pathlib import Path

import pytest

from gateway.ipc.doorbell import RINGS_MAX, Doorbell, Ringer, ring


@pytest.fixture(params=["short", "long"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A bell's path, also one far longer than a socket address holds."""
    if request.param == "long":
        tmp_path = tmp_path.joinpath(*["d" * 50] * 4)
        tmp_path.mkdir(parents=True)
    return tmp_path / "process.bell"


async def test_a_ring_wakes_the_listener_with_its_payload(path: Path) -> None:
    with Doorbell(path) as bell:
        assert ring(path, b"1795000000000")
        assert await bell.wait(30) == [b"1795000000000"]


async def test_a_ring_during_the_wait_wakes_too(path: Path) -> None:
    ringer = Ringer(path)
    with Doorbell(path) as bell:
        asyncio.get_running_loop().call_later(0.01, ringer.ring)
        assert await bell.wait(30) == [b""]
    ringer.close()


async def test_equal_rings_are_one_and_others_keep_their_order(path: Path) -> None:
    with Doorbell(path) as bell:
        for payload in (b"", b"2", b"", b"1", b"2"):
            assert ring(path, payload)
        assert await bell.wait(30) == [b"", b"2", b"1"]


async def test_the_wait_ends_empty_when_nobody_rings(path: Path) -> None:
    with Doorbell(path) as bell:
        assert await bell.wait(0.001) == []
        assert await bell.wait(0) == []


def test_ringing_where_nobody_listens_is_harmless(path: Path) -> None:
    assert not ring(path)
    assert not ring(path.parent / "none" / "x.bell")


async def test_a_bell_nobody_answers_fills_and_never_blocks(path: Path) -> None:
    ringer = Ringer(path)
    with Doorbell(path) as bell:
        heard = [ringer.ring(str(n).encode()) for n in range(2_000)]
        assert not heard[-1]
        assert 0 < len(await bell.wait(30)) <= RINGS_MAX
    ringer.close()


async def test_a_ring_that_nobody_waits_for_does_not_keep_the_loop_busy(
    path: Path,
) -> None:
    with Doorbell(path) as bell:
        assert ring(path, b"x")
        used_s = time.process_time()
        await asyncio.sleep(0.2)
        assert time.process_time() - used_s < 0.1
        assert await bell.wait(30) == [b"x"]


async def test_a_bell_left_by_a_killed_process_is_taken_over(path: Path) -> None:
    first = Doorbell(path)
    first.__enter__()
    with Doorbell(path) as bell:
        assert ring(path, b"x")
        assert await bell.wait(30) == [b"x"]
    assert not ring(path)
    first.__exit__(None, None, None)


async def test_a_bell_is_for_its_own_user_only(path: Path) -> None:
    with Doorbell(path):
        assert mode(path) == 0o600


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
