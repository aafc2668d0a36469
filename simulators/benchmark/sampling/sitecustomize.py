"""Samples where a process spends its CPU: `EVALGATE_SAMPLES` names the folder to write.

Python imports this file at its start when its directory is on PYTHONPATH; the gateway
has no switch for it and pays nothing without. Each process writes PID.json: seconds of
CPU by module and function, those of the innermost frame that is the project's own. A
sample weighs what the thread has spent since the last one: a long call into SQLite,
which no signal interrupts, counts in full for whoever made it.
"""

import json
import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any, Final

VARIABLE: Final = "EVALGATE_SAMPLES"
EVERY_S: Final = 0.001
WRITTEN_EVERY_S: Final = 0.05
OURS: Final = ("gateway", "fleet", "device_protocol")
SEEN_THROUGH: Final = "gateway.ledger.store"
"""Runs statements for others, to whom they count; a commit is its own."""
COMMIT: Final = "commit"
ELSEWHERE: Final = "elsewhere"


class Sampler:
    """Adds up one process's samples; a forked child begins anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.begin()

    def begin(self) -> None:
        self._spent_s: dict[str, float] = {}
        self._last_s = self._written_s = time.thread_time()
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)

    def hear(self, _: int, frame: FrameType | None) -> None:
        now_s = time.thread_time()
        where = place(frame)
        self._spent_s[where] = self._spent_s.get(where, 0.0) + now_s - self._last_s
        if now_s - self._written_s >= WRITTEN_EVERY_S:
            self._written_s = now_s
            self._write()
        self._last_s = time.thread_time()  # what this took is nobody's

    def _write(self) -> None:
        path = self._folder / f"{os.getpid()}.json"
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(self._spent_s), "utf-8")
        draft.replace(path)


def place(frame: FrameType | None) -> str:
    """Module and function of the innermost frame of ours."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        function = frame.f_code.co_name
        ours = module.partition(".")[0] in OURS
        if ours and (module != SEEN_THROUGH or function == COMMIT):
            return f"{module}:{function}"
        frame = frame.f_back
    return ELSEWHERE


def start(folder: Path) -> None:
    """Sample this process and all that it forks."""
    sampler = Sampler(folder)
    signal.signal(signal.SIGPROF, sampler.hear)
    set_handler = signal.signal

    def kept(number: int, handler: Any) -> Any:  # noqa: ANN401 -- as signal.signal
        """As `signal.signal`: a child lets go of its parent's handlers, not of ours."""
        if number == signal.SIGPROF:
            return signal.getsignal(number)
        return set_handler(number, handler)

    signal.signal = kept  # type: ignore[assignment]  # any number, any handler
    os.register_at_fork(after_in_child=sampler.begin)


if named := os.environ.get(VARIABLE):
    start(Path(named))
