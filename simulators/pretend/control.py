"""One control way for every pretend service: faults, reports and acts over HTTP.

`PUT /pretend/faults` takes a JSON list of faults, `DELETE` clears them;
`GET /pretend/NAME` is a report of the service; `POST /pretend/ACT?match=REGEX` does
something to what matches, now, and answers to how much: `{"done": 2}`.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from simulators.pretend.faults import FaultPlan, decode_faults

_SHUTDOWN_S: Final = 0.1

Report = Callable[[str], bytes | None]
Acts = Mapping[str, Callable[[re.Pattern[str]], int]]


async def answer_control(
    request: web.Request, faults: FaultPlan, report: Report, acts: Acts
) -> web.Response:
    """Answer one request below `/pretend/`; `report` gives None for no such name."""
    name = request.match_info["path"]
    if request.method == "GET":
        body = report(name)
        return web.Response(body=body, status=404 if body is None else 200)
    try:
        if request.method == "POST" and name in acts:
            done = acts[name](re.compile(request.query.get("match", "")))
            return web.json_response({"done": done})
        if name != "faults" or request.method not in ("PUT", "DELETE"):
            return web.Response(status=404)
        asked = request.method == "PUT"
        faults.replace(decode_faults(await request.read()) if asked else ())
    except (ValueError, re.error) as error:
        return web.Response(status=400, text=str(error))
    return web.Response(status=204)


class HttpPort(ABC):
    """A port that speaks HTTP; use it `async with`. Port 0 becomes a free one."""

    def __init__(self, listen: str, *, cancels: bool = False) -> None:
        host, _, port = listen.rpartition(":")
        self._host = host
        self._cancels = cancels  # what is done for a client that has left
        self._runner: web.AppRunner | None = None
        self.port = int(port)

    @abstractmethod
    def application(self) -> web.Application:
        """Make what is served."""

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}"

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(
            self.application(),
            access_log=None,
            shutdown_timeout=_SHUTDOWN_S,
            handler_cancellation=self._cancels,
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


class ControlServer(HttpPort):
    """The control way of a service that does not speak HTTP."""

    def __init__(
        self, listen: str, faults: FaultPlan, report: Report, acts: Acts
    ) -> None:
        super().__init__(listen)
        self._faults = faults
        self._report = report
        self._acts = acts

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/pretend/{path:.*}", self._control)
        return app

    async def _control(self, request: web.Request) -> web.Response:
        return await answer_control(request, self._faults, self._report, self._acts)
