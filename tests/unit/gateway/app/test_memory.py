"""Memory that a burst took goes back to the system."""

import asyncio
import os
from pathlib import Path

import pytest

from gateway.app import memory

PIECES = 60_000
PIECE_BYTES = 700  # more than Python keeps by itself
KEPT_EVERY = 200  # so that what is free lies between what is not


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def test_what_a_burst_took_is_given_back_while_some_of_it_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "EVERY_S", 0.0)
    burst = [bytes(PIECE_BYTES) for _ in range(PIECES)]
    kept = burst[::KEPT_EVERY]
    full = resident_bytes()
    del burst
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        giving_back = group.create_task(memory.give_back_memory())
        while resident_bytes() > full - PIECES * PIECE_BYTES // 2:  # noqa: ASYNC110 -- of the system, which tells nobody
            await asyncio.sleep(0)
        giving_back.cancel()
    assert len(kept) == PIECES // KEPT_EVERY
