"""The link waits until the settings in force have been folded.

Otherwise messages would be judged by rules of yesterday. The processor writes the
digest of the settings it has folded to a file; ingest compares it with its own.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.clock import Clock

_POLL_S: Final = 0.05


async def settings_folded(
    applied: Path,
    digest: str,
    *,
    clock: Clock,
    timeout_ms: int | None,
    stopped: Callable[[], bool],
) -> bool:
    """Wait until `applied` holds `digest`; False when time or a stop came first.

    None waits as long as it takes: the right thing while the journal is empty, when
    there are no rules at all.
    """
    until_ms = None if timeout_ms is None else clock.monotonic_ms() + timeout_ms
    while not stopped():
        if _content(applied) == digest:
            return True
        if until_ms is not None and clock.monotonic_ms() >= until_ms:
            return False
        await asyncio.sleep(_POLL_S)
    return False


def _content(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
