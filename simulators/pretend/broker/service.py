"""`python -m simulators broker`: listens, ticks, obeys, ends in good order."""

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from types import TracebackType
from typing import Final, Self

import msgspec
from mqtt5 import DisconnectReasonCode

from simulators.pretend.broker.connection import Connection
from simulators.pretend.broker.core import Broker, Limits
from simulators.pretend.control import ControlServer
from simulators.pretend.faults import FaultPlan
from simulators.pretend.server import announce_and_wait

_TICK_S: Final = 0.1
_BACKLOG: Final = 4096  # thousands of terminals come back in the same second
_PARTING_S: Final = 0.01  # for the last DISCONNECTs to leave
_PARTINGS: Final = 50


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class PretendBroker:
    """A broker on one port with its control on another; use it with `async with`."""

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, limits: Limits | None = None
    ) -> None:
        self.host = host
        self.port = port
        self.faults = FaultPlan()
        self.broker = Broker(limits or Limits(), _monotonic_ms)
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._ticks: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self.broker, self.faults, self._connections),
            self.host,
            self.port,
            backlog=_BACKLOG,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._tick()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ticks is not None:
            self._ticks.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.end(DisconnectReasonCode.SERVER_SHUTTING_DOWN)
        for _ in range(_PARTINGS):
            if self._connections:
                await asyncio.sleep(_PARTING_S)
        for connection in list(self._connections):
            connection.abort()

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"

    def control(self, listen: str) -> ControlServer:
        """Its control way: reports `counts` and `sessions`, acts `cut` and `forget`."""
        acts = {"cut": self.cut, "forget": self.broker.forget}
        return ControlServer(listen, self.faults, self.report, acts)

    def cut(self, chosen: re.Pattern[str]) -> int:
        """Break the connections of clients whose id matches; returns how many."""
        found = [it for it in self._connections if chosen.search(it.client_id)]
        for connection in found:
            connection.abort()
        return len(found)

    def report(self, name: str) -> bytes | None:
        match name:
            case "counts":
                counts = {"connections": len(self._connections), **self.broker.counts}
                return msgspec.json.encode(counts)
            case "sessions":
                return msgspec.json.encode(
                    [
                        {
                            "client_id": session.client_id,
                            "connected": session.link is not None,
                            "queued": session.queued,
                            "under_way": session.under_way,
                            "filters": list(session.subscriptions),
                        }
                        for session in self.broker.sessions.values()
                    ]
                )
            case _:
                return None

    def _tick(self) -> None:
        self.broker.tick()
        for connection in list(self._connections):
            connection.tick()
        self._ticks = asyncio.get_running_loop().call_later(_TICK_S, self._tick)


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end; returns the exit status."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    names = [it.name for it in fields(Limits)]
    try:
        limits = Limits(**{name: getattr(asked, name) for name in names})
    except ValueError as error:
        parser.error(str(error))
    try:
        asyncio.run(
            _serve(PretendBroker(asked.host, asked.port, limits), asked.control)
        )
    except OSError as error:
        where = f"{asked.host}:{asked.port}, control {asked.control}"
        print(f"cannot listen on {where}: {error}", file=sys.stderr)  # noqa: T201 - for whoever started us
        return 1
    return 0


async def _serve(broker: PretendBroker, control: str) -> None:
    async with broker, broker.control(control) as way:
        place: dict[str, int | str] = {
            "port": broker.port,
            "url": broker.url,
            "control": way.url,
        }
        await announce_and_wait(place)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators broker",
        description="An MQTT 5 and 3.1.1 broker that keeps everything in memory.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one, announced")
    parser.add_argument("--control", default="127.0.0.1:0", metavar="HOST:PORT")
    for field in fields(Limits):
        name = "--" + field.name.replace("_", "-")
        parser.add_argument(name, type=int, default=field.default)
    return parser
