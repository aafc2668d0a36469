"""What a gateway relies on of InfluxDB 2.x; its bytes are also taken elsewhere."""

import gzip
import json
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientError, ClientSession

from simulators.pretend.faults import Conduct, Fault
from simulators.pretend.influx import PretendInflux
from simulators.services import VictoriaMetrics

TOKEN = "secret"


@pytest.fixture
async def influx() -> AsyncIterator[PretendInflux]:
    async with PretendInflux("v2", store="b", token=TOKEN) as server:
        yield server


async def write(
    url: str, body: str, *, bucket: str = "b", token: str = TOKEN, packed: bool = False
) -> tuple[int, str]:
    data = gzip.compress(body.encode()) if packed else body.encode()
    headers = {"Authorization": f"Token {token}"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    query = {"org": "o", "bucket": bucket, "precision": "ns"}
    async with (
        ClientSession() as session,
        session.post(
            f"{url}/api/v2/write", params=query, data=data, headers=headers
        ) as answer,
    ):
        return answer.status, await answer.text()


async def test_keeps_points_by_series_and_nanosecond(influx: PretendInflux) -> None:
    lines = "rating,device=a level=5i 1\nrating,device=a level=4i 2\n"
    assert (await write(influx.url, lines))[0] == 204
    assert (await write(influx.url, "rating,device=a level=3i 1", packed=True))[
        0
    ] == 204
    assert influx.points == {
        ("rating", (("device", "a"),), 1): {"level": 3},
        ("rating", (("device", "a"),), 2): {"level": 4},
    }


async def test_one_unparsable_line_refuses_the_whole_batch(
    influx: PretendInflux,
) -> None:
    status, text = await write(influx.url, "m v=1i 1\nbad\nm v=2i 2")
    assert status == 400
    assert "'bad'" in json.loads(text)["message"]
    assert influx.points == {}


async def test_a_type_conflict_keeps_the_good_lines(influx: PretendInflux) -> None:
    await write(influx.url, "m v=1i 1")
    status, text = await write(influx.url, "m v=2.5 7\nm v=3i 3")
    assert status == 422
    assert "dropped=1" in json.loads(text)["message"]
    assert [key[2] for key in influx.points] == [1, 3]


async def test_an_empty_body_is_taken(influx: PretendInflux) -> None:
    assert (await write(influx.url, ""))[0] == 204


async def test_a_bad_token_is_unauthorised(influx: PretendInflux) -> None:
    assert (await write(influx.url, "m v=1i 1", token="other"))[0] == 401


async def test_an_unknown_bucket_is_not_found(influx: PretendInflux) -> None:
    assert (await write(influx.url, "m v=1i 1", bucket="nope"))[0] == 404


async def test_refuses_lines_on_command_as_a_whole_batch(
    influx: PretendInflux,
) -> None:
    influx.faults.replace([Fault(match="level=1i", status=400)])
    assert (await write(influx.url, "m level=1i 1\nm level=2i 2"))[0] == 400
    assert influx.points == {}
    assert (await write(influx.url, "m level=2i 2"))[0] == 204


async def test_partly_refuses_lines_on_command(influx: PretendInflux) -> None:
    influx.faults.replace([Fault(match="level=1i", status=422)])
    assert (await write(influx.url, "m level=1i 1\nm level=2i 2"))[0] == 422
    assert [key[2] for key in influx.points] == [2]


async def test_takes_points_and_breaks_the_connection_on_command(
    influx: PretendInflux,
) -> None:
    influx.faults.replace([Fault(conduct=Conduct.RESET_AFTER, count=1)])
    with pytest.raises(ClientError):
        await write(influx.url, "m v=1i 1")
    assert len(influx.points) == 1
    assert (await write(influx.url, "m v=1i 1"))[0] == 204
    assert len(influx.points) == 1


async def test_dump_lists_every_point(influx: PretendInflux) -> None:
    await write(influx.url, "rating,device=a level=5i 7")
    async with (
        ClientSession() as session,
        session.get(f"{influx.url}/pretend/dump") as answer,
    ):
        (point,) = [json.loads(line) for line in (await answer.text()).splitlines()]
    assert point == {
        "measurement": "rating",
        "tags": {"device": "a"},
        "time_ns": 7,
        "fields": {"level": 5},
    }


@pytest.mark.service
async def test_victoria_metrics_takes_the_same_bytes(
    victoria: VictoriaMetrics,
) -> None:
    line = 'rating,device=v2,site=大厅\\ 1 level=5i,effective=1i,event_id="e" '
    at_ns = time.time_ns() - 60_000_000_000  # it exports closed seconds only
    status, _ = await write(victoria.url, f"{line}{at_ns}", packed=True)
    assert status == 204
    async with ClientSession() as session:
        async with session.get(f"{victoria.url}/internal/force_flush"):
            pass
        query = {"match[]": '{__name__="rating_level",device="v2"}'}
        async with session.get(f"{victoria.url}/api/v1/export", params=query) as answer:
            (series,) = [json.loads(line) async for line in answer.content]
    assert series["metric"]["site"] == "大厅 1"
    assert series["values"] == [5]
