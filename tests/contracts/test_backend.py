"""The pretend backend: strict, honest in its log, and badly behaved on command."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from simulators.pretend.backend import PretendBackend, read_log, signature
from simulators.pretend.faults import Conduct, Fault

SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0"
BATCH = "application/cloudevents-batch+json"
SINGLE = "application/cloudevents+json"


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[PretendBackend]:
    async with PretendBackend(tmp_path / "raw.log", secrets=[SECRET]) as server:
        yield server
    server.close()


def event(name: str) -> dict[str, str]:
    return {
        "specversion": "1.0",
        "id": name,
        "type": "evalgate.rating.recorded.v1",
        "source": "/gateways/g",
    }


async def post(
    backend: PretendBackend,
    body: object,
    *,
    kind: str = BATCH,
    secret: str = SECRET,
    at_s: int | None = None,
) -> tuple[int, str]:
    data = json.dumps(body).encode()
    name = "bat_" + hashlib.sha256(data).hexdigest()
    stamp = str(int(time.time()) if at_s is None else at_s)
    headers = {
        "Content-Type": kind,
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(secret, name, stamp, data),
    }
    async with (
        ClientSession(timeout=ClientTimeout(total=2)) as session,
        session.post(f"{backend.url}/events", data=data, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def test_a_signed_batch_is_taken_and_logged(
    backend: PretendBackend, tmp_path: Path
) -> None:
    assert (await post(backend, [event("a"), event("b")]))[0] == 204
    (line,) = read_log(tmp_path / "raw.log")
    assert (line.status, line.signature, line.path) == (204, "ok", "/events")
    assert [one["id"] for one in json.loads(line.body)] == ["a", "b"]
    assert line.headers["webhook-id"].startswith("bat_")


async def test_a_single_event_is_taken(backend: PretendBackend) -> None:
    assert (await post(backend, event("a"), kind=SINGLE))[0] == 204
    counts = json.loads(backend.report("counts") or b"")
    assert counts["events"] == 1
    assert counts["by_type"] == {"evalgate.rating.recorded.v1": 1}


async def test_a_foreign_signature_is_refused_and_logged(
    backend: PretendBackend, tmp_path: Path
) -> None:
    assert (await post(backend, [event("a")], secret="whsec_b3RoZXI="))[0] == 401
    assert [line.signature for line in read_log(tmp_path / "raw.log")] == ["bad"]


async def test_an_old_timestamp_is_refused(backend: PretendBackend) -> None:
    assert (await post(backend, [event("a")], at_s=1))[0] == 401


async def test_what_is_not_cloudevents_is_refused(backend: PretendBackend) -> None:
    assert (await post(backend, [{"id": "a"}]))[0] == 400
    assert (await post(backend, [event("a")], kind="application/json"))[0] == 415


async def test_faults_match_ids_and_run_out(backend: PretendBackend) -> None:
    backend.faults.replace([Fault(match="^b$", status=400, count=2, body="bad b")])
    assert (await post(backend, [event("a")]))[0] == 204
    assert await post(backend, [event("a"), event("b")]) == (400, "bad b")
    assert (await post(backend, [event("b")]))[0] == 400
    assert (await post(backend, [event("b")]))[0] == 204


async def test_retry_after_travels_with_a_fault(backend: PretendBackend) -> None:
    fault = Fault(status=503, headers={"Retry-After": "7"}, delay_ms=1)
    backend.faults.replace([fault])
    assert (await post(backend, [event("a")]))[0] == 503
    assert json.loads(backend.report("counts") or b"")["events"] == 0


@pytest.mark.parametrize(
    ("conduct", "logged"),
    [
        (Conduct.RESET_BEFORE, 0),
        (Conduct.RESET_AFTER, 1),
        (Conduct.NONSENSE, 0),
    ],
)
async def test_misconduct_breaks_the_exchange(
    backend: PretendBackend, tmp_path: Path, conduct: Conduct, logged: int
) -> None:
    backend.faults.replace([Fault(conduct=conduct, count=1)])
    with pytest.raises(ClientError):
        await post(backend, [event("a")])
    assert len(read_log(tmp_path / "raw.log")) == logged
    assert (await post(backend, [event("a")]))[0] == 204


async def test_a_black_hole_never_answers(backend: PretendBackend) -> None:
    backend.faults.replace([Fault(conduct=Conduct.BLACK_HOLE)])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await post(backend, [event("a")])


async def test_the_control_path_sets_and_clears_faults(backend: PretendBackend) -> None:
    url = f"{backend.url}/pretend/faults"
    async with ClientSession() as session:
        async with session.put(url, data=b'[{"status": 503}]') as answer:
            assert answer.status == 204
        assert (await post(backend, [event("a")]))[0] == 503
        async with session.delete(url) as answer:
            assert answer.status == 204
        assert (await post(backend, [event("a")]))[0] == 204
        for bad in (b"[{}, {]", b'[{"match": "("}]', b'[{"colour": 1}]'):
            async with session.put(url, data=bad) as answer:
                assert answer.status == 400
