"""InfluxDB: ratings and heartbeats as points, through either write API."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from isal import isal_zlib

from gateway.clock import Clock
from gateway.ports import Answer, Unit, Verdict
from gateway.sinks.answers import Reply, answer, failed
from gateway.sinks.http import ASKING_ERRORS
from gateway.sinks.lines import line_of

_GZIP_LEVEL: Final = 1
_GZIP_WBITS: Final = 31  # deflate within a gzip frame


class LineWriter(Protocol):
    """One of the write APIs."""

    async def write(self, gzipped: bytes) -> Reply:
        """Write gzipped lines with nanoseconds; raises `ASKING_ERRORS`."""

    async def close(self) -> None: ...


class InfluxdbSink:
    """Writes the point of each rating as it stands at the event, and heartbeats."""

    def __init__(
        self,
        writer: LineWriter,
        clock: Clock,
        body_bytes_max: int = 1_048_576,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._body_bytes_max = body_bytes_max

    async def send(self, units: Sequence[Unit]) -> Answer:
        count, body = self._body(units)
        gzipped = isal_zlib.compress(body, _GZIP_LEVEL, _GZIP_WBITS)
        try:
            reply = await self._writer.write(gzipped)
        except ASKING_ERRORS as error:
            return failed(error, count)
        judged = answer(reply, count, self._clock.wall_ms())
        if judged.verdict is Verdict.DISABLED:
            # An endpoint of a webhook says so on purpose; here a path is wrong.
            return replace(judged, verdict=Verdict.OPERATOR)
        return judged

    async def close(self) -> None:
        await self._writer.close()

    def _body(self, units: Sequence[Unit]) -> tuple[int, bytes]:
        """Lines of the first events, at least one, that fit into one body."""
        lines = [line_of(unit) for unit in units]
        body = "\n".join(lines).encode()
        if len(body) > self._body_bytes_max:
            lines = lines[: _fitting(lines, self._body_bytes_max)]
            body = "\n".join(lines).encode()
        return len(lines), body


def _fitting(lines: Sequence[str], bytes_max: int) -> int:
    """How many of the first lines fit, at least one."""
    size = 0
    for count, line in enumerate(lines):
        size += len(line.encode()) + 1
        if size > bytes_max + 1:
            return max(1, count)
    return len(lines)
