"""A role ends with its supervisor, however that one ends."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


class OrphanedError(Exception):
    """The supervisor had died before we could tie ourselves to it."""


def tie_to_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when `parent_pid` dies.

    Raises OrphanedError when it is dead already. Elsewhere than on Linux the call
    is not there, and only the second check is made.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl") and libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent_pid:
        raise OrphanedError(f"supervisor {parent_pid} is gone")
