"""What the pretend services share: a port, a control path, misconduct."""

import asyncio
import signal
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiohttp import web

from simulators.pretend.control import HttpPort, answer_control
from simulators.pretend.faults import Conduct, Fault, FaultPlan

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
_BLACK_HOLE_S: Final = 3600.0


@dataclass(frozen=True)
class Request:
    """A request as received: `body` is unpacked when it came as gzip."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class PretendServer(HttpPort):
    """An HTTP service on the loopback; use it with `async with`.

    `PUT /pretend/faults` takes a JSON list of faults, `DELETE` clears them;
    `GET /pretend/…` is the service's own report. Everything else is served by
    `serve`, unless a fault applies.
    """

    def __init__(self, listen: str = "127.0.0.1:0") -> None:
        super().__init__(listen, cancels=True)
        self.faults = FaultPlan()

    @abstractmethod
    def subjects(self, request: Request) -> Iterable[str]:
        """List what the request is about, for `match` of a fault."""

    @abstractmethod
    def serve(self, request: Request, fault: Fault | None) -> Reply:
        """Take the request; a fault's `status` is what will be answered."""

    @abstractmethod
    def report(self, path: str) -> bytes | None:
        """Answer `GET path` below `/pretend/`; None when there is no such report."""

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_route("*", "/pretend/{path:.*}", self._control)
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _control(self, request: web.Request) -> web.Response:
        return await answer_control(request, self.faults, self.report, {})

    async def _answer(self, raw: web.Request) -> web.StreamResponse:
        request = Request(
            method=raw.method,
            path=raw.path,
            query=dict(raw.query),
            headers={name.lower(): value for name, value in raw.headers.items()},
            body=await raw.read(),  # aiohttp has unpacked gzip
        )
        fault = self.faults.take(self.subjects(request))
        if fault is None:
            return _response(self.serve(request, None))
        await asyncio.sleep(fault.delay_ms / 1000)
        return await self._misbehave(raw, request, fault)

    async def _misbehave(
        self, raw: web.Request, request: Request, fault: Fault
    ) -> web.StreamResponse:
        match fault.conduct:
            case Conduct.ANSWER:
                return _response(self.serve(request, fault))
            case Conduct.BLACK_HOLE:
                await asyncio.sleep(_BLACK_HOLE_S)
            case Conduct.NO_ANSWER:
                self.serve(request, fault)
                await asyncio.sleep(_BLACK_HOLE_S)
            case Conduct.RESET_AFTER:
                self.serve(request, fault)
            case Conduct.NONSENSE:
                if raw.transport is not None:
                    raw.transport.write(b"\x00\xffnot HTTP at all\r\n\r\n")
                    raw.transport.close()
            case Conduct.RESET_BEFORE | Conduct.DRIP | Conduct.REFUSE:
                pass
        if raw.transport is not None and fault.conduct is not Conduct.NONSENSE:
            raw.transport.abort()
        return web.Response(status=500)  # goes nowhere: the connection is gone


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers)


async def run_until_signalled(server: PretendServer) -> None:
    """Serve until SIGTERM or SIGINT; the first line of output says where, as JSON."""
    async with server:
        await announce_and_wait({"port": server.port, "url": server.url})


async def announce_and_wait(place: Mapping[str, int | str]) -> None:
    """Say where a service is, as one line of JSON, and wait for SIGTERM or SIGINT."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    print(msgspec.json.encode(place).decode(), flush=True)  # noqa: T201 - the contract with whoever started us
    await ended.wait()
