"""Submissions: an answer with the place, a refusal, or nothing known in time."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.errors import DiskFullError, PermanentError, TransientError
from gateway.ipc import frames, intake
from gateway.ipc.frames import FRAME_BYTES_MAX, RECORDS_MAX, Request, encoded
from gateway.ipc.intake import serving
from gateway.ipc.submission import SubmissionClient, submit_once
from gateway.ports import Record, RecordKind

ACT = Record(RecordKind.ACT.value, "device_approved", b"{}", 1_795_000_000_000)


class Ingest:
    """Gives places; waits while `open` is not set."""

    def __init__(self) -> None:
        self.taken: list[list[Record]] = []
        self.error: Exception | None = None
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def submit(self, records: list[Record]) -> tuple[int, int, int]:
        self.asked.set()
        await self.open.wait()
        if self.error:
            raise self.error
        self.taken.append(records)
        return 1, len(self.taken), 7


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ingest.sock"


@pytest.fixture
def timeout_s() -> float:
    """Longer than a busy machine stalls; who waits for silence says its own."""
    return 20.0


@pytest.fixture
async def client(path: Path, timeout_s: float) -> AsyncIterator[SubmissionClient]:
    made = SubmissionClient(path, timeout_s=timeout_s)
    yield made
    await made.close()


@pytest.fixture
def ingest() -> Ingest:
    return Ingest()


async def test_the_answer_is_the_place(
    path: Path, ingest: Ingest, client: SubmissionClient
) -> None:
    async with serving(path, ingest.submit):
        assert await client.submit([ACT, ACT]) == (1, 1, 7)
        assert await client.submit([ACT]) == (1, 2, 7)
    assert ingest.taken == [[ACT, ACT], [ACT]]


async def test_many_submissions_share_one_connection(
    path: Path, ingest: Ingest, client: SubmissionClient
) -> None:
    async with serving(path, ingest.submit) as server, asyncio.TaskGroup() as group:
        tasks = [group.create_task(client.submit([ACT])) for _ in range(500)]
        places = [await task for task in tasks]
        assert server.connections == 1
    assert sorted(block for _, block, _ in places) == list(range(1, 501))


async def test_the_call_without_a_loop_gets_the_same_answers(
    path: Path, ingest: Ingest
) -> None:
    async with serving(path, ingest.submit):
        assert await asyncio.to_thread(submit_once, path, [ACT]) == (1, 1, 7)
        ingest.error = PermanentError("no")
        with pytest.raises(PermanentError, match="no"):
            await asyncio.to_thread(submit_once, path, [ACT])
        ingest.open.clear()
        with pytest.raises(TransientError, match="did not answer"):
            await asyncio.to_thread(submit_once, path, [ACT], 0.05)


def test_the_call_without_a_loop_fails_when_nobody_listens(path: Path) -> None:
    with pytest.raises(TransientError, match="did not answer"):
        submit_once(path, [ACT], 0.1)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DiskFullError("the disk is full"), TransientError),
        (PermanentError("not that"), PermanentError),
    ],
)
async def test_a_refusal_says_why(
    path: Path,
    ingest: Ingest,
    client: SubmissionClient,
    error: Exception,
    expected: type[Exception],
) -> None:
    ingest.error = error
    async with serving(path, ingest.submit):
        with pytest.raises(expected, match=str(error)):
            await client.submit([ACT])


async def test_an_error_of_ours_is_not_answered_but_ends_the_server(
    path: Path, ingest: Ingest, client: SubmissionClient
) -> None:
    ingest.error = AssertionError("ours")
    with pytest.raises(ExceptionGroup, match="unhandled") as caught:
        async with serving(path, ingest.submit):
            await client.submit([ACT])
    assert caught.group_contains(AssertionError, match="ours")


@pytest.mark.parametrize("timeout_s", [0.2])
async def test_without_a_server_the_deadline_ends_the_call(
    client: SubmissionClient,
) -> None:
    with pytest.raises(TransientError, match="in time"):
        await client.submit([ACT])


@pytest.mark.parametrize("timeout_s", [0.2])
async def test_without_an_answer_the_deadline_ends_the_call(
    path: Path, ingest: Ingest, client: SubmissionClient
) -> None:
    ingest.open.clear()
    async with serving(path, ingest.submit):
        with pytest.raises(TransientError, match="in time"):
            await client.submit([ACT])
        ingest.open.set()
        client._timeout_s = 20.0  # noqa: SLF001 -- its deadline was seen
        assert (await client.submit([ACT]))[0] == 1


async def test_a_server_that_stops_leaves_nothing_known(
    path: Path, tmp_path: Path, ingest: Ingest, client: SubmissionClient
) -> None:
    ingest.open.clear()
    async with asyncio.TaskGroup() as group:
        async with serving(path, ingest.submit) as server:
            asked = group.create_task(_failure(client))
            await ingest.asked.wait()
            assert server.connections == 1
        assert "went away" in await asked
    assert names(tmp_path) == []


async def test_the_client_connects_again_after_a_restart(
    path: Path, ingest: Ingest, client: SubmissionClient
) -> None:
    async with serving(path, ingest.submit):
        await client.submit([ACT])
    with pytest.raises(TransientError):
        await client.submit([ACT])
    async with asyncio.TaskGroup() as group:
        again = group.create_task(client.submit([ACT]))
        async with serving(path, ingest.submit):
            assert await again == (1, 2, 7)


async def test_a_path_longer_than_a_socket_address_serves(
    tmp_path: Path, ingest: Ingest
) -> None:
    directory = tmp_path.joinpath(*["d" * 60] * 3)
    directory.mkdir(parents=True)
    path = directory / "ingest.sock"
    async with serving(path, ingest.submit):
        client = SubmissionClient(path)
        assert await client.submit([ACT]) == (1, 1, 7)
        assert await asyncio.to_thread(submit_once, path, [ACT]) == (1, 2, 7)
        await client.close()
        assert mode(path) == 0o600


async def test_too_large_a_submission_is_refused_before_it_is_sent(
    path: Path, ingest: Ingest, client: SubmissionClient
) -> None:
    large = Record(RecordKind.ACT.value, "tables_applied", bytes(FRAME_BYTES_MAX), 0)
    async with serving(path, ingest.submit):
        with pytest.raises(PermanentError, match="too many"):
            await client.submit([large])
    assert ingest.taken == []


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff",
        b"\0\0\0\1\xc1",
        encoded(Request(1, [])),
        encoded(Request(1, [ACT] * (RECORDS_MAX + 1))),
    ],
)
async def test_nonsense_is_hung_up_on_and_costs_nobody_else(
    path: Path, ingest: Ingest, client: SubmissionClient, sent: bytes
) -> None:
    async with serving(path, ingest.submit):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(sent)
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()
        assert await client.submit([ACT]) == (1, 1, 7)


async def test_connections_beyond_the_bound_are_refused(
    path: Path,
    ingest: Ingest,
    client: SubmissionClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "CONNECTIONS_MAX", 1)
    async with serving(path, ingest.submit) as server:
        reader, writer = await asyncio.open_unix_connection(path)
        with pytest.raises(TransientError):
            await client.submit([ACT])
        writer.close()
        await reader.read()
        assert server.refused_connections > 0


async def test_one_connection_is_not_read_while_too_much_is_pending(
    path: Path, ingest: Ingest
) -> None:
    ingest.open.clear()
    frame = encoded(Request(1, [ACT] * RECORDS_MAX))
    async with serving(path, ingest.submit):
        with socket.socket(socket.AF_UNIX) as flood:
            flood.connect(str(path))
            flood.settimeout(0)
            sent = await _flooded(flood, frame, 4_000)
            assert sent < 4_000
        ingest.open.set()


def test_frames_survive_any_cut() -> None:
    stream = encoded(Request(1, [ACT])) + encoded(Request(2, [ACT, ACT]))
    for cut in range(len(stream)):
        reader = frames.FrameReader()
        contents = [*reader.feed(stream[:cut]), *reader.feed(stream[cut:])]
        assert [frames.request(content).id for content in contents] == [1, 2]


async def _failure(client: SubmissionClient) -> str:
    with pytest.raises(TransientError) as caught:
        await client.submit([ACT])
    return str(caught.value)


async def _flooded(flood: socket.socket, frame: bytes, times: int) -> int:
    """How many frames went out before the other side stopped reading."""
    for sent in range(times):
        try:
            flood.sendall(frame)
        except BlockingIOError:
            if sent > intake.PENDING_MAX:
                return sent
        await asyncio.sleep(0)
    return times


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]
