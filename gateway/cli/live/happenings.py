"""What has changed between two looks, in words."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.cli.live.figures import Happening, Pipeline, Process, Sink

_KEPT_MAX: Final = 100
_BACKLOG_MIN: Final = 10
"""Events owed from which it is worth a line that they are drained."""


class Happenings:
    """Compares each look with the one before; keeps the newest lines."""

    def __init__(self) -> None:
        self._processes: dict[str, Process] = {}
        self._lost_ms: dict[str, int] = {}
        self._sinks: dict[str, Sink] = {}
        self._most_owed: dict[str, int] = {}
        self.newest: deque[Happening] = deque(maxlen=_KEPT_MAX)

    def note(self, at_ms: int, text: str, *, good: bool) -> None:
        self.newest.append(Happening(at_ms, text, good))

    def compare_processes(self, at_ms: int, processes: Sequence[Process]) -> None:
        """Note who is gone and who is back; a first look is no news."""
        for process in processes:
            for text, good in self._process(at_ms, process):
                self.note(at_ms, text, good=good)

    def compare_sinks(self, at_ms: int, pipeline: Pipeline | None) -> None:
        """Note states that have changed, and backlogs that are drained."""
        for sink in () if pipeline is None else pipeline.sinks:
            for text, good in self._sink(sink):
                self.note(at_ms, text, good=good)

    def _process(self, at_ms: int, process: Process) -> Iterator[tuple[str, bool]]:
        name, pid = process.name, process.pid
        old = self._processes.get(name)
        self._processes[name] = process
        if old is None:
            return
        if old.pid != pid:
            yield from self._replaced(at_ms, old, process)
        elif old.halted != process.halted:
            does = "is halted" if process.halted else "goes on"
            yield f"{name} (pid {pid}) {does}", not process.halted

    def _replaced(
        self, at_ms: int, old: Process, new: Process
    ) -> Iterator[tuple[str, bool]]:
        if old.pid is not None:
            self._lost_ms[new.name] = at_ms
            yield f"{new.name} (pid {old.pid}) is gone", False
        if new.pid is not None:
            away_ms = at_ms - self._lost_ms.get(new.name, at_ms)
            after = f" after {away_ms / 1000:.1f} s" if away_ms else ""
            yield f"{new.name} is back{after} as pid {new.pid}", True

    def _sink(self, sink: Sink) -> Iterator[tuple[str, bool]]:
        name, old = sink.name, self._sinks.get(sink.name)
        self._sinks[name] = sink
        if old is None:
            return
        if sink.state != old.state:
            yield _turned(sink), sink.state == "ok"
        if sink.dead > old.dead:
            yield f"{name}: {sink.dead - old.dead} refused for good", False
        most = max(self._most_owed.get(name, 0), sink.owed)
        drained = sink.owed == 0 and most >= _BACKLOG_MIN
        self._most_owed[name] = 0 if sink.owed == 0 else most
        if drained:
            yield f"{name}: drained, {most} were owed at most", True


def _turned(sink: Sink) -> str:
    why = f": {sink.last_error}" if sink.last_error and sink.state != "ok" else ""
    return f"{sink.name} is {sink.state}{why}"
