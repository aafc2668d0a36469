"""`python -m simulators proxy`: a bad network in front of any TCP service.

It forwards bytes both ways until a fault applies. A fault is taken for each chunk
that the client sends, and holds for what the service answers until the next; its
`match` is searched in `connection N`, N counting from 1.
"""

import argparse
import asyncio
import re
import sys
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import msgspec

from simulators.pretend.control import ControlServer
from simulators.pretend.faults import Conduct, Fault, FaultPlan
from simulators.pretend.server import announce_and_wait

_CHUNK: Final = 65_536
_CONNECT_S: Final = 5.0
_DRIP_S: Final = 0.01  # between two bytes when the fault does not say
_NONSENSE: Final = b"\xff\xffno protocol at all\r\n\r\n"


class _Relay:
    """One connection from a client to the service."""

    def __init__(self, name: str, client: asyncio.StreamWriter) -> None:
        self.name = name
        self.client = client
        self.fault: Fault | None = None
        self.deaf = False

    def abort(self) -> None:
        self.client.transport.abort()

    async def up(self, data: bytes, service: asyncio.StreamWriter) -> None:
        """Carry what the client says, as the fault allows.

        Raises:
            ConnectionError: the connection is over.

        """
        fault = self.fault
        if fault is not None:
            await asyncio.sleep(fault.delay_ms / 1000)
        match fault.conduct if fault else None:
            case Conduct.BLACK_HOLE:
                self.deaf = True
            case Conduct.RESET_BEFORE:
                raise ConnectionResetError("on command")
            case Conduct.NONSENSE:
                self.client.write(_NONSENSE)
                await self.client.drain()
                self.client.close()
                self.deaf = True
            case _:
                service.write(data)
                await service.drain()

    async def down(self, data: bytes) -> None:
        """Carry what the service says, as the fault allows.

        Raises:
            ConnectionError: the connection is over.

        """
        fault = self.fault
        conduct = fault.conduct if fault else None
        if self.deaf or conduct is Conduct.NO_ANSWER:
            return
        if conduct is Conduct.RESET_AFTER:
            raise ConnectionResetError("on command")
        delay_s = fault.delay_ms / 1000 if fault else 0.0
        if conduct is Conduct.DRIP:
            for byte in data:
                self.client.write(bytes([byte]))
                await self.client.drain()
                await asyncio.sleep(delay_s or _DRIP_S)
            return
        await asyncio.sleep(delay_s)
        self.client.write(data)
        await self.client.drain()


class FaultProxy:
    """Listens on `listen` and connects on to `to`; use it with `async with`."""

    def __init__(self, to: tuple[str, int], listen: tuple[str, int]) -> None:
        self.faults = FaultPlan(conducts=frozenset(Conduct))
        self.counts: Counter[str] = Counter()
        self._to = to
        self._host, self.port = listen
        self._relays: set[_Relay] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.cut(re.compile(""))
        for _ in range(100):
            if self._relays:
                await asyncio.sleep(0.01)

    @property
    def url(self) -> str:
        return f"tcp://{self._host}:{self.port}"

    def control(self, listen: str) -> ControlServer:
        """Its control way: the report `counts`, the act `cut`."""
        return ControlServer(listen, self.faults, self.report, {"cut": self.cut})

    def cut(self, chosen: re.Pattern[str]) -> int:
        """Break the connections whose name matches; returns how many."""
        found = [it for it in self._relays if chosen.search(it.name)]
        for relay in found:
            relay.abort()
        return len(found)

    def report(self, name: str) -> bytes | None:
        if name != "counts":
            return None
        return msgspec.json.encode({"open": len(self._relays), **self.counts})

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.counts["connections"] += 1
        relay = _Relay(f"connection {self.counts['connections']}", writer)
        if self.faults.take([relay.name], connecting=True) is not None:
            self.counts["refused"] += 1
            relay.abort()
            return
        self._relays.add(relay)
        try:
            async with asyncio.timeout(_CONNECT_S):
                answers, service = await asyncio.open_connection(*self._to)
            try:
                async with asyncio.TaskGroup() as pumps:
                    pumps.create_task(self._up(relay, reader, service))
                    pumps.create_task(self._down(relay, answers))
            finally:
                service.transport.abort()
        except* OSError:  # a TimeoutError is one, too
            self.counts["broken"] += 1
        finally:
            self._relays.discard(relay)
            relay.abort()

    async def _up(
        self,
        relay: _Relay,
        reader: asyncio.StreamReader,
        service: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(_CHUNK):
            if relay.deaf:
                continue
            relay.fault = self.faults.take([relay.name])
            self.counts["faults"] += relay.fault is not None
            await relay.up(data, service)
        raise ConnectionResetError("closed by the client")

    async def _down(self, relay: _Relay, answers: asyncio.StreamReader) -> None:
        while data := await answers.read(_CHUNK):
            await relay.down(data)
        relay.client.close()  # after all that it was sent


def main(arguments: Sequence[str]) -> int:
    """Forward until told to end; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators proxy",
        description="A network with faults on command in front of any TCP service.",
    )
    parser.add_argument("--to", type=_place, required=True, metavar="HOST:PORT")
    parser.add_argument("--listen", type=_place, default="127.0.0.1:0")
    parser.add_argument("--control", default="127.0.0.1:0", metavar="HOST:PORT")
    asked = parser.parse_args(arguments)
    try:
        asyncio.run(_run(FaultProxy(asked.to, asked.listen), asked.control))
    except OSError as error:
        print(f"cannot listen: {error}", file=sys.stderr)  # noqa: T201 - for whoever started us
        return 1
    return 0


async def _run(proxy: FaultProxy, control: str) -> None:
    async with proxy, proxy.control(control) as way:
        place: dict[str, int | str] = {"port": proxy.port, "url": proxy.url}
        await announce_and_wait({**place, "control": way.url})


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)
