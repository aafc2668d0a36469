"""What a burst took and nobody uses any more goes back to the system."""

import asyncio
import ctypes
from typing import Final

EVERY_S: Final = 60.0


async def give_back_memory() -> None:
    """Once a minute, until cancelled: less than a millisecond each.

    The C library keeps what lies between two things in use. Elsewhere than with glibc
    there is no such call, and nothing is done.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim"):
        return
    while True:
        await asyncio.sleep(EVERY_S)
        libc.malloc_trim(0)
