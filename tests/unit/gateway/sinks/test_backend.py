"""One endpoint: what it is sent, and what becomes of its answers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.ports import Unit, Verdict
from gateway.sinks.addresses import AddressRule
from simulators.pretend.backend import PretendBackend, read_log, signature
from simulators.pretend.faults import Conduct, Fault
from tests.support.delivering import backend_sink
from tests.support.events import other_event, rating_event
from tests.support.outbox import MemoryOutbox

SECRET = "whsec_" + "c2VjcmV0" * 4


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[PretendBackend]:
    async with PretendBackend(tmp_path / "log", secrets=[SECRET]) as server:
        yield server
    server.close()


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


async def test_a_batch_is_signed_and_named_by_its_events(
    backend: PretendBackend, outbox: MemoryOutbox, tmp_path: Path
) -> None:
    sink = backend_sink(backend.url, outbox)
    units: list[Unit] = [rating_event(1), other_event(2)]
    first = await sink.send(units)
    await sink.send(units)
    await sink.send(units[:1])
    await sink.close()
    assert (first.verdict, first.count, first.status) == (Verdict.DELIVERED, 2, 204)
    lines = read_log(tmp_path / "log")
    ids = [line.headers["webhook-id"] for line in lines]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].startswith("bat_")
    headers, body = lines[0].headers, lines[0].body
    assert headers["content-type"].startswith("application/cloudevents-batch+json")
    assert headers["webhook-signature"] == signature(
        SECRET, ids[0], headers["webhook-timestamp"], body.encode()
    )
    assert [event["type"] for event in json.loads(body)] == [
        "evalgate.rating.recorded.v1",
        "evalgate.alert.opened.v1",
    ]


async def test_a_body_holds_no_more_than_its_bound(
    backend: PretendBackend, outbox: MemoryOutbox, tmp_path: Path
) -> None:
    sink = backend_sink(backend.url, outbox, body_bytes_max=10_000)
    units = [rating_event(number) for number in range(100)]
    answer = await sink.send(units)
    await sink.close()
    (line,) = read_log(tmp_path / "log")
    assert len(line.body) <= 10_000
    assert 8 <= answer.count == len(json.loads(line.body)) < 100


async def test_an_event_that_fits_nowhere_is_refused_without_a_request(
    backend: PretendBackend, outbox: MemoryOutbox, tmp_path: Path
) -> None:
    sink = backend_sink(backend.url, outbox, body_bytes_max=100)
    answer = await sink.send([rating_event(1), rating_event(2)])
    assert (answer.verdict, answer.count) == (Verdict.REFUSED, 1)
    assert read_log(tmp_path / "log") == []


async def test_an_address_inside_is_the_operators_to_allow(
    backend: PretendBackend, outbox: MemoryOutbox, tmp_path: Path
) -> None:
    for url in (backend.url, backend.url.replace("127.0.0.1", "localhost")):
        sink = backend_sink(url, outbox, rule=AddressRule(private=False))
        answer = await sink.send([rating_event(1)])
        await sink.close()
        assert answer.verdict is Verdict.OPERATOR
        assert "allow_private_addresses" in answer.detail
    assert read_log(tmp_path / "log") == []


async def test_a_redirect_is_not_followed(
    backend: PretendBackend, outbox: MemoryOutbox, tmp_path: Path
) -> None:
    elsewhere = {"Location": f"{backend.url}/elsewhere"}
    backend.faults.replace([Fault(status=307, headers=elsewhere)])
    sink = backend_sink(backend.url, outbox)
    assert (await sink.send([rating_event(1)])).verdict is Verdict.OPERATOR
    await sink.close()
    assert [line.path for line in read_log(tmp_path / "log")] == ["/events"]


@pytest.mark.parametrize(
    "conduct",
    [
        Conduct.BLACK_HOLE,
        Conduct.RESET_BEFORE,
        Conduct.RESET_AFTER,
        Conduct.NONSENSE,
    ],
)
async def test_no_answer_is_the_worlds_fault(
    backend: PretendBackend, outbox: MemoryOutbox, conduct: Conduct
) -> None:
    backend.faults.replace([Fault(conduct=conduct)])
    sink = backend_sink(backend.url, outbox, timeout_s=0.2)
    answer = await sink.send([rating_event(1)])
    await sink.close()
    assert (answer.verdict, answer.status) == (Verdict.RETRY, None)
    assert answer.detail


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "https://127.0.0.1:9", "http://no.such.host.invalid"]
)
async def test_nobody_there_is_the_worlds_fault(outbox: MemoryOutbox, url: str) -> None:
    sink = backend_sink(url, outbox)
    assert (await sink.send([rating_event(1)])).verdict is Verdict.RETRY
    await sink.close()


async def test_a_backend_without_tls_is_tried_again(
    backend: PretendBackend, outbox: MemoryOutbox
) -> None:
    sink = backend_sink(backend.url.replace("http:", "https:"), outbox)
    assert (await sink.send([rating_event(1)])).verdict is Verdict.RETRY
    await sink.close()


async def test_retry_after_is_handed_on(
    backend: PretendBackend, outbox: MemoryOutbox
) -> None:
    backend.faults.replace([Fault(status=429, headers={"Retry-After": "7"})])
    sink = backend_sink(backend.url, outbox)
    answer = await sink.send([rating_event(1)])
    await sink.close()
    assert (answer.verdict, answer.retry_after_ms) == (Verdict.RETRY, 7_000)
