"""Open files: each terminal is one."""

import resource
from typing import Final

_BESIDE: Final = 128  # files that are no terminals


class TooFewFilesError(RuntimeError):
    """The system lets this process open too few files."""


def raise_files(connections: int) -> None:
    """Raise the limit of open files to what so many connections need.

    Raises:
        TooFewFilesError: the hard limit is lower.

    """
    needed = connections + _BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise TooFewFilesError(
                f"{connections:,} terminals need {needed:,} open files, allowed are "
                f"{hard:,}: raise the limit (ulimit -Hn) or take --terminals "
                f"{max(hard - _BESIDE, 1)}"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
