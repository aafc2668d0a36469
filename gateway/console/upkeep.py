"""What the console tells of its own gateway: configuration, and a check of its data."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, NamedTuple

import msgspec
import structlog

from gateway.clock import Clock

RUN_S_MAX: Final = 4 * 3600
"""A check that takes longer is broken off."""

FINDINGS_MAX: Final = 200
_LINE_BYTES_MAX: Final = 1 << 20
_NICE: Final = 10
_END_S_MAX: Final = 5
_COMPLAINT_CHARS_MAX: Final = 500

log = structlog.get_logger("console")


class Configuration(NamedTuple):
    """All settings as this process last read them, without secrets."""

    read_ms: int
    settings: dict[str, Any]


class Proof(msgspec.Struct):
    """One thing that was checked."""

    name: str
    ok: bool
    detail: str


class Progress(msgspec.Struct):
    """`done` of `total` blocks, or rows, of a stage; `total` 0: not known."""

    stage: str
    done: int
    total: int


class _Line(msgspec.Struct):
    """What the check writes: one of these a line."""

    finding: Proof | None = None
    progress: Progress | None = None


_LINE: Final = msgspec.json.Decoder(_Line)


class CheckRun(msgspec.Struct):
    """A check of the data: one that runs, or the last one since this process began."""

    state: Literal["never", "running", "done", "failed"] = "never"
    by: str | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    progress: Progress | None = None
    findings: list[Proof] = []
    error: str | None = None

    @property
    def ok(self) -> bool | None:
        """Whether all agreed; None before the end."""
        if self.state != "done":
            return None
        return all(one.ok for one in self.findings)


class Checks:
    """Runs `evalgate verify` in a process of its own, nicer than all others.

    One at a time; `run` owns it for as long as the console lives.
    """

    def __init__(self, command: Sequence[str], clock: Clock) -> None:
        self._command = command
        self._clock = clock
        self._asked = asyncio.Event()
        self.last = CheckRun()

    def ask(self, by: str) -> bool:
        """Begin one; False: one runs already."""
        if self.last.state == "running":
            return False
        now_ms = self._clock.wall_ms()
        self.last = CheckRun(state="running", by=by, started_ms=now_ms)
        self._asked.set()
        return True

    async def run(self) -> None:
        """Carry out what is asked for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._carry_out(self.last)

    async def _carry_out(self, run: CheckRun) -> None:
        try:
            async with asyncio.timeout(RUN_S_MAX):
                error = await self._checked(run)
        except* TimeoutError:
            error = f"broken off after {RUN_S_MAX // 3600} hours"
        except* (OSError, ValueError, msgspec.MsgspecError) as failed:
            error = f"the check could not be run: {failed.exceptions[0]}"
        run.error, run.progress = error, None
        run.ended_ms = self._clock.wall_ms()
        run.state = "done" if error is None else "failed"
        log.info("data_verified", ok=run.ok, by=run.by, error=error)

    async def _checked(self, run: CheckRun) -> str | None:
        """What kept the check from its end; None: nothing did."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._command, stdout=pipe, stderr=pipe, limit=_LINE_BYTES_MAX
        )
        try:
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
            async with asyncio.TaskGroup() as group:
                assert process.stderr is not None
                complaint = group.create_task(_last_of(process.stderr))
                assert process.stdout is not None
                async for line in process.stdout:
                    self._hear(run, _LINE.decode(line))
            await process.wait()
        finally:
            await _end(process)
        if process.returncode == (0 if all(one.ok for one in run.findings) else 1):
            return None
        return complaint.result() or f"it ended with code {process.returncode}"

    def _hear(self, run: CheckRun, line: _Line) -> None:
        if line.progress is not None:
            run.progress = line.progress
        if line.finding is not None and len(run.findings) < FINDINGS_MAX:
            run.findings.append(line.finding)


async def _last_of(stream: asyncio.StreamReader) -> str:
    """The last line of what a process complains of; all is read, lest it wait."""
    last = b""
    while chunk := await stream.read(_LINE_BYTES_MAX):
        last = (last + chunk)[-_LINE_BYTES_MAX:]
    lines = last.decode(errors="replace").strip().splitlines()
    return lines[-1][:_COMPLAINT_CHARS_MAX] if lines else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave no process behind."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_END_S_MAX):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class Upkeep(NamedTuple):
    """What tells of the gateway's configuration, and what checks its data."""

    configuration: Callable[[], Configuration]
    checks: Checks
