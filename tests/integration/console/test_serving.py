"""The console's port: served until told to stop, whatever clients do."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.console.role import run_console
from gateway.errors import PermanentError
from gateway.tokens import FILE_NAME, Tokens
from simulators.processes import free_port
from tests.support.api import Api

HOST = "127.0.0.1"


@asynccontextmanager
async def served(directory: Path) -> AsyncIterator[int]:
    """The port of a running console; it must end soon after it is told to."""
    api, stop, port = Api(directory), asyncio.Event(), free_port()
    try:
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            group.create_task(run_console(api.app, HOST, port, stop))
            group.create_task(api.app.state.live.run(stop))
            await _listening(port)
            yield port
            stop.set()
    finally:
        api.close()


async def _listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return


async def test_it_answers_until_it_is_told_to_stop(tmp_path: Path) -> None:
    async with served(tmp_path) as port, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://{HOST}:{port}/livez")
        assert answer.json()["status"] == "live"
        assert "date" in answer.headers
        assert "server" not in answer.headers
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, port)


async def test_a_client_that_never_finishes_its_request_does_not_hold_the_stop(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as port:
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"POST /api/v1/quarantine/purge HTTP/1.1\r\nHost: localhost\r\n")
        writer.write(b"Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{")
        await writer.drain()
    writer.close()


async def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    api = Api(tmp_path)
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PermanentError, match=r"listen: 127\.0\.0\.1:\d+ .* in use"):
            await run_console(api.app, HOST, port, asyncio.Event())
    api.close()


async def test_live_events_come_over_the_wire_and_end_with_the_console(
    tmp_path: Path,
) -> None:
    lines: list[str] = []
    async with served(tmp_path) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(30):
            while "event: pipeline" not in lines:
                lines.append((await reader.readline()).decode().strip())
    async with asyncio.timeout(30):
        rest = (await reader.read()).decode()
    writer.close()
    assert "content-type: text/event-stream; charset=utf-8" in lines
    assert 'event: end\ndata: {"reason":"stopping"}' in rest


async def test_who_leaves_is_listened_for_no_more(tmp_path: Path) -> None:
    async with served(tmp_path) as port, httpx.AsyncClient(trust_env=False) as client:
        base = f"http://{HOST}:{port}"
        async with client.stream("GET", f"{base}/api/v1/events") as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == "retry: 3000"
            assert _listeners((await client.get(f"{base}/metrics")).text) == 1
        async with asyncio.timeout(30):
            while _listeners((await client.get(f"{base}/metrics")).text):
                pass


def _listeners(metrics: str) -> float:
    (line,) = (
        line
        for line in metrics.splitlines()
        if line.startswith("evalgate_live_listeners ")
    )
    return float(line.rpartition(" ")[2])


async def test_live_events_end_with_the_token_that_they_were_asked_with(
    tmp_path: Path,
) -> None:
    tokens = Tokens(tmp_path / FILE_NAME)
    headers = {"Authorization": f"Bearer {tokens.create('wall', ['read'], None, 0)}"}
    tokens.create("other", ["read"], None, 0)
    async with served(tmp_path) as port, httpx.AsyncClient(trust_env=False) as client:
        url = f"http://{HOST}:{port}/api/v1/events"
        async with client.stream("GET", url, headers=headers, timeout=20) as answer:
            lines = answer.aiter_lines()
            while not (await anext(lines)).startswith("event: pipeline"):
                pass
            tokens.revoke("wall")
            assert "event: end" not in [line async for line in lines]
        refused = await client.get(url, headers=headers)
        assert refused.status_code == 401
