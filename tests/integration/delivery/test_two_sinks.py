"""Both sinks drain one outbox, each at its own pace, whatever the other does."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.pretend.backend import LogLine, PretendBackend, read_log
from simulators.pretend.faults import Conduct, Fault
from simulators.pretend.influx import PretendInflux
from tests.support.delivering import (
    Delivering,
    backend_sink,
    delivering,
    influx_sink,
    outlet,
    since,
)
from tests.support.events import other_event, outbox_row
from tests.support.outbox import MemoryOutbox

SECRET = "whsec_" + "c2VjcmV0" * 4


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[PretendBackend]:
    log = tmp_path / "backend.log"
    async with PretendBackend(log, secrets=[SECRET]) as server:
        yield server
    server.close()


@pytest.fixture
async def influx() -> AsyncIterator[PretendInflux]:
    async with PretendInflux("v2", store="b", token="t") as server:
        yield server
    server.close()


@pytest.fixture
def outbox() -> MemoryOutbox:
    outbox = MemoryOutbox()
    outbox.apply(since("business", "backend"), since("main", "influxdb"))
    return outbox


@pytest.fixture
async def running(
    tmp_path: Path, outbox: MemoryOutbox, backend: PretendBackend, influx: PretendInflux
) -> AsyncIterator[Delivering]:
    outlets = [
        outlet("business", backend_sink(backend.url, outbox)),
        outlet("main", influx_sink(influx)),
    ]
    async with delivering(tmp_path, outbox, *outlets) as running:
        yield running


def taken(log: Path) -> Counter[str]:
    """How often each event id was taken, from what the backend wrote down."""
    return Counter(
        str(event["id"])
        for line in read_log(log)
        if 200 <= line.status < 300
        for event in events_of(line)
    )


def events_of(line: LogLine) -> list[dict[str, object]]:
    body = json.loads(line.body)
    return body if isinstance(body, list) else [body]


def cloud_id(number: int) -> str:
    return f"evalgate.rating.recorded.v1:dev-{number % 10}:event-{number:08d}:1"


async def test_each_event_and_each_point_arrives_once(
    running: Delivering, influx: PretendInflux, tmp_path: Path
) -> None:
    for block in range(1, 11):
        running.add(outbox_row(block, range(block * 100, block * 100 + 100)))
    for name in ("business", "main"):
        sink = await running.settled(name)
        assert (sink.delivered, sink.dead, sink.state) == (1000, 0, "ok")
    assert taken(tmp_path / "backend.log") == {cloud_id(n): 1 for n in range(100, 1100)}
    assert len(influx.points) == 1000
    assert all(line.signature == "ok" for line in read_log(tmp_path / "backend.log"))


async def test_a_restart_sends_nothing_again(
    tmp_path: Path, outbox: MemoryOutbox, backend: PretendBackend
) -> None:
    for numbers in (range(50), range(50, 90)):
        made = outlet("business", backend_sink(backend.url, outbox))
        async with delivering(tmp_path, outbox, made) as running:
            running.add(outbox_row(outbox.folded() + 1, numbers))
            await running.settled("business")
    assert taken(tmp_path / "backend.log") == {cloud_id(n): 1 for n in range(90)}


async def test_a_time_series_database_that_is_away_delays_the_backend_by_nothing(
    running: Delivering, influx: PretendInflux
) -> None:
    influx.faults.replace([Fault(status=503)])
    running.add(outbox_row(1, range(500)))
    assert (await running.settled("business")).delivered == 500
    await running.until(lambda: running.sink("main").state == "open")
    assert running.sink("main").delivered == 0
    influx.faults.replace([])
    assert (await running.settled("main")).delivered == 500
    assert len(influx.points) == 500
    assert running.sink("main").state == "ok"


@pytest.mark.parametrize(
    "conduct",
    [Conduct.RESET_BEFORE, Conduct.RESET_AFTER, Conduct.NONSENSE],
)
async def test_a_connection_that_breaks_repeats_events_and_loses_none(
    running: Delivering, backend: PretendBackend, tmp_path: Path, conduct: Conduct
) -> None:
    backend.faults.replace([Fault(conduct=conduct, count=3)])
    running.add(outbox_row(1, range(300)))
    sink = await running.settled("business")
    assert (sink.delivered, sink.dead) == (300, 0)
    assert taken(tmp_path / "backend.log").keys() == {cloud_id(n) for n in range(300)}


async def test_a_backend_that_never_answers_is_given_up_at_the_deadline(
    tmp_path: Path, outbox: MemoryOutbox, backend: PretendBackend
) -> None:
    backend.faults.replace([Fault(conduct=Conduct.BLACK_HOLE, count=2)])
    made = outlet("business", backend_sink(backend.url, outbox, timeout_s=0.2))
    async with delivering(tmp_path, outbox, made) as running:
        running.add(outbox_row(1, range(10)))
        assert (await running.settled("business")).delivered == 10
        assert ("business", "retrying") in running.submissions.states


async def test_one_refused_in_a_hundred_becomes_a_dead_letter_with_its_answer(
    running: Delivering, backend: PretendBackend, influx: PretendInflux, tmp_path: Path
) -> None:
    guilty = "event-0{5}[0-9]50"
    refusal = Fault(status=422, match=guilty, body="no such employee")
    backend.faults.replace([refusal])
    influx.faults.replace([Fault(status=400, match=guilty)])
    running.add(outbox_row(1, range(1000)))
    for name, status in (("business", 422), ("main", 400)):
        sink = await running.settled(name)
        assert (sink.delivered, sink.dead) == (990, 10)
        letters = running.letters(name)
        assert {letter.subject for letter in letters} == {
            f"dev-0:event-{n:08d}" for n in range(50, 1000, 100)
        }
        assert {letter.status for letter in letters} == {status}
    assert running.letters("business")[0].answer == "422 no such employee"
    backend.faults.replace([])
    influx.faults.replace([])
    running.control("deadletters_replayed")
    for name in ("business", "main"):
        await running.until(lambda name=name: running.sink(name).dead == 0)  # type: ignore[misc] # bound now
        assert running.sink(name).delivered == 1000
    assert taken(tmp_path / "backend.log") == {cloud_id(n): 1 for n in range(1000)}
    assert len(influx.points) == 1000


async def test_a_body_that_is_too_large_is_split(
    running: Delivering, backend: PretendBackend, influx: PretendInflux
) -> None:
    backend.faults.replace([Fault(status=413, count=3)])
    influx.faults.replace([Fault(status=413, count=3)])
    running.add(outbox_row(1, range(400)))
    for name in ("business", "main"):
        sink = await running.settled(name)
        assert (sink.delivered, sink.dead) == (400, 0)


@pytest.mark.parametrize("status", [401, 403, 404, 302])
async def test_an_operators_fault_holds_the_sink_and_drops_nothing(
    running: Delivering, backend: PretendBackend, status: int
) -> None:
    backend.faults.replace([Fault(status=status, headers={"Location": "/elsewhere"})])
    running.add(outbox_row(1, range(10)))
    await running.until(lambda: running.sink("business").state == "held")
    await running.until(lambda: ("business", "held") in running.submissions.states)
    assert str(status) in str(running.sink("business").last_error)
    backend.faults.replace([])
    assert (await running.settled("business")).delivered == 10


async def test_an_endpoint_that_is_gone_is_tried_again_only_when_enabled(
    tmp_path: Path, outbox: MemoryOutbox, backend: PretendBackend
) -> None:
    backend.faults.replace([Fault(status=410)])
    made = outlet("business", backend_sink(backend.url, outbox))
    async with delivering(tmp_path, outbox, made) as running:
        running.add(outbox_row(1, range(10)))
        await running.until(lambda: running.sink("business").state == "disabled")
    requests = len(read_log(tmp_path / "backend.log"))
    backend.faults.replace([])
    made = outlet("business", backend_sink(backend.url, outbox))
    async with delivering(tmp_path, outbox, made) as running:
        running.add(outbox_row(2, range(10, 20)))
        await asyncio.sleep(0.2)
        assert len(read_log(tmp_path / "backend.log")) == requests
        running.control("sink_enabled", sink="business")
        sink = await running.settled("business")
        assert (sink.delivered, sink.state) == (20, "ok")


async def test_an_endpoint_that_refuses_all_is_held_and_nothing_is_given_up(
    running: Delivering, backend: PretendBackend
) -> None:
    backend.faults.replace([Fault(status=400, body="broken")])
    running.add(outbox_row(1, range(60)))
    await running.until(lambda: running.sink("business").state == "held")
    error = str(running.sink("business").last_error)
    assert error.startswith("20 events refused in a row")
    backend.faults.replace([])
    sink = await running.settled("business")
    assert (sink.delivered, sink.dead, sink.state) == (60, 0, "ok")


async def test_purged_letters_stay_counted(
    running: Delivering, backend: PretendBackend
) -> None:
    backend.faults.replace([Fault(status=400, match="event-00000007")])
    running.add(outbox_row(1, range(10)))
    assert (await running.settled("business")).dead == 1
    running.control("deadletters_purged", sink="business")
    await running.until(
        lambda: [it.state for it in running.letters("business")] == ["purged"]
    )
    assert running.sink("business").dead == 1


async def test_a_backend_takes_only_what_its_filter_names(
    tmp_path: Path, backend: PretendBackend
) -> None:
    outbox = MemoryOutbox()
    outbox.apply(since("business", "backend", "alert.opened"))
    made = outlet("business", backend_sink(backend.url, outbox))
    async with delivering(tmp_path, outbox, made) as running:
        row = outbox_row(1, range(5))
        row.events.append(other_event(5))
        running.add(row)
        assert (await running.settled("business")).delivered == 1
    assert taken(tmp_path / "backend.log") == {"evalgate.alert.opened.v1:alert-5:1": 1}


async def test_events_go_one_by_one_where_a_backend_wants_it(
    tmp_path: Path, outbox: MemoryOutbox, backend: PretendBackend
) -> None:
    made = outlet("business", backend_sink(backend.url, outbox, single=True))
    async with delivering(tmp_path, outbox, made) as running:
        running.add(outbox_row(1, range(20)))
        assert (await running.settled("business")).delivered == 20
    lines = read_log(tmp_path / "backend.log")
    assert len(lines) == 20
    assert all(line.headers["webhook-id"].startswith("evt_") for line in lines)
    assert all("batch" not in line.headers["content-type"] for line in lines)


async def test_a_sink_that_the_fold_does_not_know_yet_waits(
    tmp_path: Path, backend: PretendBackend
) -> None:
    outbox = MemoryOutbox()
    made = outlet("business", backend_sink(backend.url, outbox))
    async with delivering(tmp_path, outbox, made) as running:
        running.add(outbox_row(1, range(5)))
        outbox.apply(since("business", "backend"))
        running.add(outbox_row(2, range(5, 8)))
        await running.until(lambda: (tmp_path / "backend.log").stat().st_size > 0)
        assert (await running.settled("business")).delivered == 8
