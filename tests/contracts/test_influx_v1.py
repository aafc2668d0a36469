"""What a gateway relies on of InfluxDB 1.x, held by the real one and by ours."""

import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import pytest
from aiohttp import ClientSession

from simulators.pretend.faults import Fault
from simulators.pretend.influx import PretendInflux
from tests.support.services import Database

# (measurement, tags, ns) -> fields
Points = dict[tuple[str, tuple[tuple[str, str], ...], int], dict[str, object]]


@dataclass(frozen=True)
class Server:
    url: str
    database: str
    points: Callable[[], Points]

    async def write(
        self, body: str, *, packed: bool = False, **query: str
    ) -> tuple[int, str]:
        """Status and error text of one write."""
        data = gzip.compress(body.encode()) if packed else body.encode()
        headers = {"Content-Encoding": "gzip"} if packed else {}
        async with (
            ClientSession() as session,
            session.post(
                f"{self.url}/write",
                params={"db": self.database, **query},
                data=data,
                headers=headers,
            ) as answer,
        ):
            return answer.status, await answer.text()


def held(database: Database) -> Points:
    """Every point of a real database."""
    points: Points = {}
    (result,) = database.query("SELECT * FROM /.*/ GROUP BY *")
    for series in cast(list[dict[str, object]], result.get("series", [])):
        tags = cast(dict[str, str], series.get("tags", {}))
        key = (cast(str, series["name"]), tuple(sorted(tags.items())))
        columns = cast(list[str], series["columns"])
        for row in cast(list[list[object]], series["values"]):
            fields = dict(zip(columns, row, strict=True))
            time_ns = cast(int, fields.pop("time"))
            points[(*key, time_ns)] = {
                name: value for name, value in fields.items() if value is not None
            }
    return points


@asynccontextmanager
async def pretend() -> AsyncIterator[Server]:
    async with PretendInflux("v1", store="d") as server:
        yield Server(server.url, "d", lambda: cast(Points, server.points))


@pytest.fixture(params=["pretend", pytest.param("real", marks=pytest.mark.service)])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    if request.param == "real":
        database: Database = request.getfixturevalue("influx1")
        yield Server(database.url, database.name, lambda: held(database))
        return
    async with pretend() as one:
        yield one


A = (("device", "a"),)


async def test_keeps_points_by_series_and_nanosecond(server: Server) -> None:
    lines = "rating,device=a level=5i 1\nrating,device=a level=4i 2\n"
    assert await server.write(lines) == (204, "")
    assert server.points() == {
        ("rating", A, 1): {"level": 5},
        ("rating", A, 2): {"level": 4},
    }


async def test_a_rewrite_replaces_and_adds_nothing(server: Server) -> None:
    await server.write("rating,device=a level=5i,effective=1i 1")
    await server.write("rating,device=a effective=0i 1")
    assert server.points() == {("rating", A, 1): {"level": 5, "effective": 0}}


async def test_order_of_tags_does_not_make_another_series(server: Server) -> None:
    await server.write("rating,device=a,site=s level=5i 1")
    await server.write("rating,site=s,device=a level=5i 1")
    assert len(server.points()) == 1


async def test_takes_gzip(server: Server) -> None:
    assert (await server.write("rating level=5i 1", packed=True))[0] == 204
    assert len(server.points()) == 1


@pytest.mark.parametrize(
    ("precision", "time_ns"),
    [("ns", 7), ("u", 7_000), ("ms", 7_000_000), ("s", 7_000_000_000), ("zz", 7)],
)
async def test_reads_times_in_the_precision_asked_for(
    server: Server, precision: str, time_ns: int
) -> None:
    await server.write("rating level=5i 7", precision=precision)
    assert list(server.points()) == [("rating", (), time_ns)]


@pytest.mark.parametrize(
    ("line", "tags", "fields"),
    [
        (r"m,site=a\ b\,c\=d v=1i 5", {"site": "a b,c=d"}, {"v": 1}),
        ("m,site=大厅 v=1i 5", {"site": "大厅"}, {"v": 1}),
        (r'm v="say \"yes\", a\\b" 5', {}, {"v": 'say "yes", a\\b'}),
        ('m v="two\nlines" 5', {}, {"v": "two\nlines"}),
        ('m v="" 5', {}, {"v": ""}),
        ("m v=2.5,w=t,x=FALSE 5", {}, {"v": 2.5, "w": True, "x": False}),
        ("m  v=1i  5 ", {}, {"v": 1}),
        ("# a comment\n\nm v=1i 5", {}, {"v": 1}),
    ],
)
async def test_reads_line_protocol(
    server: Server, line: str, tags: dict[str, str], fields: dict[str, object]
) -> None:
    assert await server.write(line) == (204, "")
    assert server.points() == {("m", tuple(tags.items()), 5): fields}


BAD_LINES = [
    "bad",
    "m,a=b",
    "m,a= v=1i 1",
    "m, v=1i 1",
    "m,a=1,a=2 v=1i 1",
    "m v= 1",
    "m v=nan 1",
    "m v=1u 1",
    "m v=1i x",
    "m v=9223372036854775808i 1",
    "m v=1i 99999999999999999999",
]


@pytest.mark.parametrize("bad", BAD_LINES)
async def test_refuses_a_bad_line_and_keeps_its_neighbours(
    server: Server, bad: str
) -> None:
    status, text = await server.write(f"m v=1i 1\n{bad}\nm v=2i 2")
    assert status == 400
    assert "partial write" in text
    assert "dropped=0" in text
    assert len(server.points()) == 2


async def test_refuses_a_bad_line_alone(server: Server) -> None:
    status, text = await server.write("bad")
    assert status == 400
    assert "partial write" not in text


async def test_a_type_conflict_refuses_its_line_alone(server: Server) -> None:
    await server.write("m v=1i 1")
    status, text = await server.write("m v=2.5 7\nm v=3i 3")
    assert status == 400
    assert "field type conflict" in text
    assert len(server.points()) == 2


async def test_an_empty_body_is_taken(server: Server) -> None:
    assert await server.write("") == (204, "")


async def test_an_unknown_database_is_not_found(server: Server) -> None:
    assert (await server.write("m v=1i 1", db="nope"))[0] == 404


async def test_no_database_is_a_bad_request(server: Server) -> None:
    assert (await server.write("m v=1i 1", db=""))[0] == 400


async def test_refuses_lines_on_command_and_keeps_the_rest() -> None:
    async with PretendInflux("v1", store="d") as pretended:
        one = Server(pretended.url, "d", lambda: cast(Points, pretended.points))
        pretended.faults.replace([Fault(match="level=1i", status=400)])
        status, _ = await one.write("m level=1i 1\nm level=2i 2")
        assert status == 400
        assert list(one.points()) == [("m", (), 2)]
        pretended.faults.replace([])
        assert (await one.write("m level=1i 1"))[0] == 204
