"""The proxy carries bytes, and makes each kind of trouble when told to."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from aiohttp import ClientSession

from simulators.pretend.faults import Conduct, Fault
from simulators.pretend.proxy import FaultProxy


class Echo(NamedTuple):
    """A service that answers with what it was asked, and remembers it."""

    proxy: FaultProxy
    taken: list[bytes]

    async def ask(self, words: bytes = b"hello") -> bytes:
        """The answer's bytes; empty when nothing comes for a while."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy.port)
        try:
            writer.write(words)
            async with asyncio.timeout(0.3):
                return await reader.readexactly(len(words))
        except TimeoutError:
            return b""
        except asyncio.IncompleteReadError as error:
            if error.partial:
                return error.partial
            raise ConnectionResetError from error
        finally:
            writer.transport.abort()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    taken: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            taken.append(data)
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server, FaultProxy((host, port), ("127.0.0.1", 0)) as proxy:
        yield Echo(proxy, taken)


async def test_without_a_fault_it_carries_everything(echo: Echo) -> None:
    assert await echo.ask(bytes(range(100))) == bytes(range(100))


async def test_latency_delays_both_ways(echo: Echo) -> None:
    echo.proxy.faults.replace([Fault(delay_ms=60)])
    begun_s = asyncio.get_running_loop().time()
    assert await echo.ask() == b"hello"
    assert asyncio.get_running_loop().time() - begun_s >= 0.12


@pytest.mark.parametrize(
    ("conduct", "taken"),
    [(Conduct.BLACK_HOLE, False), (Conduct.NO_ANSWER, True)],
)
async def test_silence_comes_before_or_after_the_service(
    echo: Echo, conduct: Conduct, *, taken: bool
) -> None:
    echo.proxy.faults.replace([Fault(conduct=conduct, count=1)])
    assert await echo.ask() == b""
    assert bool(echo.taken) is taken
    assert await echo.ask() == b"hello"


@pytest.mark.parametrize(
    ("conduct", "taken"),
    [(Conduct.RESET_BEFORE, False), (Conduct.RESET_AFTER, True)],
)
async def test_the_connection_breaks_before_or_after_the_service(
    echo: Echo, conduct: Conduct, *, taken: bool
) -> None:
    echo.proxy.faults.replace([Fault(conduct=conduct, count=1)])
    with pytest.raises(ConnectionError):
        await echo.ask()
    assert bool(echo.taken) is taken
    assert await echo.ask() == b"hello"


async def test_nonsense_is_no_answer_of_the_service(echo: Echo) -> None:
    echo.proxy.faults.replace([Fault(conduct=Conduct.NONSENSE)])
    assert (await echo.ask()).startswith(b"\xff\xff")
    assert echo.taken == []


async def test_a_drip_takes_its_time_for_each_byte(echo: Echo) -> None:
    echo.proxy.faults.replace([Fault(conduct=Conduct.DRIP, delay_ms=20)])
    begun_s = asyncio.get_running_loop().time()
    assert await echo.ask() == b"hello"
    assert asyncio.get_running_loop().time() - begun_s >= 0.08


async def test_a_refused_connection_ends_at_once(echo: Echo) -> None:
    echo.proxy.faults.replace([Fault(conduct=Conduct.REFUSE, count=1)])
    with pytest.raises(ConnectionError):
        await echo.ask()
    assert await echo.ask() == b"hello"
    assert b'"refused":1' in (echo.proxy.report("counts") or b"")


async def test_a_match_chooses_the_connection(echo: Echo) -> None:
    fault = Fault(match="connection 2$", conduct=Conduct.BLACK_HOLE)
    echo.proxy.faults.replace([fault])
    assert [await echo.ask() for _ in range(3)] == [b"hello", b"", b"hello"]


async def test_the_control_way_sets_faults_and_cuts(echo: Echo) -> None:
    async with echo.proxy.control("127.0.0.1:0") as way, ClientSession() as session:
        url = f"{way.url}/pretend"
        async with session.put(f"{url}/faults", data=b'[{"conduct":"drip"}]') as done:
            assert done.status == 204
        reader, writer = await asyncio.open_connection("127.0.0.1", echo.proxy.port)
        writer.write(b"a")
        assert await reader.read(1) == b"a"
        async with session.post(f"{url}/cut?match=connection") as done:
            assert await done.json() == {"done": 1}
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
        async with session.post(f"{url}/cut?match=(") as done:
            assert done.status == 400
