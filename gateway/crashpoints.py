"""Named places where a test may kill this process as a power cut would.

`EVALGATE_CRASH_POINT=append.after:3` kills at the third time `append.after` is
reached. Off unless the variable names a point.
"""

import os
import signal
from typing import Final

VARIABLE: Final = "EVALGATE_CRASH_POINT"
NAMES: Final = frozenset(
    {
        "append.before",
        "append.after",
        "ack.before",
        "ack.after",
        "fold.before_commit",
        "fold.after_commit",
        "sink.before_request",
        "sink.after_answer",
        "cursor.before_commit",
        "cursor.after_commit",
        "receipt.before_publish",
        "command.before_record",
        "command.before_publish",
        "command.after_publish",
        "command.before_outcome",
        "submit.after_append",
        "checkpoint.before_name",
        "backup.before_name",
        "restore.before_journal",
        "prune.before",
        "prune.after",
        "redact.before_commit",
        "redact.after_commit",
        "redact.after_log",
        "erase.before_log",
        "erase.after_log",
        "erase.before_checkpoints",
    }
)

_name, _, _nth = os.environ.get(VARIABLE, "").partition(":")
_remaining = {_name: int(_nth or 1)} if _name in NAMES else {}


def reach(name: str) -> None:
    """Die here by SIGKILL when the environment asked for it."""
    if not _remaining or name not in _remaining:
        return
    _remaining[name] -= 1
    if _remaining[name] == 0:
        _die()


def disarm() -> None:
    """Die nowhere any more, nor let any program die that is started from here."""
    _remaining.clear()
    os.environ.pop(VARIABLE, None)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
