"""Both write APIs: what they are sent, and what becomes of their answers."""

from collections.abc import AsyncIterator

import pytest

from gateway.clock import SystemClock
from gateway.ports import Verdict
from gateway.sinks.influx_v1 import InfluxV1
from gateway.sinks.influx_v2 import InfluxV2
from gateway.sinks.influxdb import InfluxdbSink, LineWriter
from simulators.pretend.faults import Conduct, Fault
from simulators.pretend.influx import Api, PretendInflux
from tests.support.events import rating_event


@pytest.fixture(params=["v1", "v2"])
def api(request: pytest.FixtureRequest) -> Api:
    return request.param  # type: ignore[no-any-return] # one of the two


@pytest.fixture
async def server(api: Api) -> AsyncIterator[PretendInflux]:
    async with PretendInflux(api, store="b", token="t") as server:
        yield server
    server.close()


@pytest.fixture
def timeout_s() -> float:
    """Longer than a busy machine stalls; who waits for silence says its own."""
    return 20.0


@pytest.fixture
def writer(api: Api, server: PretendInflux, timeout_s: float) -> LineWriter:
    if api == "v1":
        return InfluxV1(server.url, database="b", timeout_s=timeout_s)
    return InfluxV2(server.url, org="o", bucket="b", token="t", timeout_s=timeout_s)


@pytest.fixture
async def sink(writer: LineWriter) -> AsyncIterator[InfluxdbSink]:
    sink = InfluxdbSink(writer, SystemClock())
    yield sink
    await sink.close()


async def test_points_arrive_with_their_stored_keys(
    server: PretendInflux, sink: InfluxdbSink
) -> None:
    answer = await sink.send([rating_event(1), rating_event(2)])
    assert (answer.verdict, answer.count, answer.status) == (Verdict.DELIVERED, 2, 204)
    ((_, tags, time_ns), fields) = next(iter(server.points.items()))
    assert dict(tags)["device"] == "dev-1"
    assert time_ns == rating_event(1).point_ns
    assert fields == {
        "level": 5,
        "score": 5.0,
        "effective": 1,
        "event_id": "event-00000001",
        "version": 1,
        "flags": "",
    }


async def test_a_body_holds_no_more_than_its_bound(
    server: PretendInflux, writer: LineWriter
) -> None:
    sink = InfluxdbSink(writer, SystemClock(), body_bytes_max=1_000)
    answer = await sink.send([rating_event(number) for number in range(100)])
    await sink.close()
    assert 4 <= answer.count == len(server.points) < 10


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (401, Verdict.OPERATOR),
        (404, Verdict.OPERATOR),
        (410, Verdict.OPERATOR),
        (302, Verdict.OPERATOR),
        (413, Verdict.TOO_LARGE),
        (429, Verdict.RETRY),
        (503, Verdict.RETRY),
        (400, Verdict.REFUSED),
        (422, Verdict.REFUSED),
    ],
)
async def test_a_status_means(
    server: PretendInflux, sink: InfluxdbSink, status: int, verdict: Verdict
) -> None:
    headers = {"Retry-After": "3", "Location": "/elsewhere"}
    server.faults.replace([Fault(status=status, body="why", headers=headers)])
    answer = await sink.send([rating_event(1)])
    assert (answer.verdict, answer.status) == (verdict, status)
    assert answer.retry_after_ms == 3_000
    assert "why" in answer.detail


@pytest.mark.parametrize(
    "conduct",
    [
        Conduct.BLACK_HOLE,
        Conduct.RESET_BEFORE,
        Conduct.RESET_AFTER,
        Conduct.NONSENSE,
    ],
)
@pytest.mark.parametrize("timeout_s", [0.3])
async def test_no_answer_is_the_worlds_fault(
    server: PretendInflux, sink: InfluxdbSink, conduct: Conduct
) -> None:
    server.faults.replace([Fault(conduct=conduct)])
    answer = await sink.send([rating_event(1)])
    assert (answer.verdict, answer.status) == (Verdict.RETRY, None)
