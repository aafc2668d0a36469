"""Each finding about an InfluxDB, provoked on 1.6.7 and on the pretend one."""

import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.app.doctor import Level
from gateway.app.doctor.influxdb import examine
from gateway.settings import Influxdb
from simulators.pretend.faults import Conduct, Fault
from simulators.pretend.influx import PretendInflux
from simulators.processes import free_port
from simulators.services import Influxd, Mosquitto, VictoriaMetrics
from tests.support.findings import Findings, collected
from tests.support.services import Database, require

FAIL, WARN = Level.FAIL, Level.WARN


async def found(**settings: object) -> Findings:
    values = {"request_timeout_s": 5, **settings}
    return await collected(examine(Influxdb.model_validate(values), 400))


async def v1(url: str, database: str, **settings: object) -> Findings:
    return await found(api="v1", url=url, database=database, **settings)


@pytest.mark.service
async def test_a_database_as_it_should_be(influx1: Database) -> None:
    findings = await v1(influx1.url, influx1.name)
    assert findings.troubles() == {}
    assert "InfluxDB 1." in findings["reach"].detail
    assert "for ever" in findings["retention"].detail
    assert influx1.query("SHOW MEASUREMENTS") == [{"statement_id": 0}], "left no point"


@pytest.mark.service
async def test_points_that_are_dropped_too_early(influx1: Database) -> None:
    name = influx1.name
    influx1.query(f'ALTER RETENTION POLICY autogen ON "{name}" DURATION 30d DEFAULT')
    findings = await v1(influx1.url, name)
    assert findings.troubles() == {"retention": WARN}
    assert "after 30 days" in findings["retention"].detail


@pytest.mark.service
async def test_a_database_that_does_not_exist(influx1: Database) -> None:
    findings = await v1(influx1.url, "elsewhere")
    assert findings.troubles() == {"write": FAIL}
    assert 'CREATE DATABASE "elsewhere"' in findings["write"].advice


@pytest.mark.service
async def test_the_v2_path_is_asked_of_a_1_x(influx1: Database) -> None:
    findings = await found(url=influx1.url, org="o", bucket="b")
    assert findings.troubles() == {"write": FAIL}
    assert 'api = "v1"' in findings["write"].advice


@pytest.mark.service
async def test_another_server_that_takes_the_v2_path(victoria: VictoriaMetrics) -> None:
    findings = await found(url=victoria.url, org="o", bucket="b", token="any")
    assert findings["write"].level is Level.OK
    assert Level.FAIL not in findings.troubles().values()


class GuardedInfluxd(Influxd):
    """InfluxDB 1.x that wants user names."""

    def _config(self) -> str:
        return super()._config().replace("[http]\n", "[http]\nauth-enabled = true\n")

    def command(self, statement: str) -> None:
        """As the administrator; the first statement makes the account."""
        url = f"{self.url}/query?u=boss&p=boss"
        data = urllib.parse.urlencode({"q": statement}).encode()
        with urllib.request.urlopen(url, data, timeout=10) as answer:
            assert "error" not in answer.read().decode()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedInfluxd]:
    """`gw` may write to `b`, `guest` may read it."""
    require("influxd")
    with GuardedInfluxd(tmp_path_factory.mktemp("influxd")) as server:
        for statement in (
            "CREATE USER boss WITH PASSWORD 'boss' WITH ALL PRIVILEGES",
            "CREATE DATABASE b",
            "CREATE USER gw WITH PASSWORD 'secret'",
            "GRANT ALL ON b TO gw",
            "CREATE USER guest WITH PASSWORD 'secret'",
            "GRANT READ ON b TO guest",
        ):
            server.command(statement)
        yield server


@pytest.mark.service
@pytest.mark.parametrize(
    ("username", "password", "level"),
    [
        ("gw", "secret", None),
        ("gw", "wrong", FAIL),
        ("guest", "secret", FAIL),
        (None, None, FAIL),
    ],
)
async def test_accounts_and_rights(
    guarded: GuardedInfluxd,
    username: str | None,
    password: str | None,
    level: Level | None,
) -> None:
    findings = await v1(guarded.url, "b", username=username, password=password)
    assert findings.troubles() == ({} if level is None else {"write": level})


@pytest.fixture
async def pretend() -> AsyncIterator[PretendInflux]:
    async with PretendInflux("v2", store="b", token="right") as server:
        yield server
    server.close()


async def v2(server: PretendInflux, **settings: object) -> Findings:
    values = {"org": "o", "bucket": "b", "token": "right", **settings}
    return await found(url=server.url, **values)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": "wrong"}, "correct token"),
        ({"bucket": "elsewhere"}, "make the bucket"),
    ],
)
async def test_a_token_or_a_bucket_that_is_wrong(
    pretend: PretendInflux, settings: dict[str, object], words: str
) -> None:
    findings = await v2(pretend, **settings)
    assert findings["write"].level is FAIL
    assert words in findings["write"].advice


async def test_a_token_that_may_write(pretend: PretendInflux) -> None:
    findings = await v2(pretend)
    assert findings["write"].level is Level.OK
    assert pretend.points == {}, "nothing was written"


@pytest.mark.parametrize(("status", "level"), [(503, FAIL), (403, FAIL), (400, WARN)])
async def test_other_answers(pretend: PretendInflux, status: int, level: Level) -> None:
    pretend.faults.replace([Fault(status=status, match=None)])
    assert (await v2(pretend))["write"].level is level


@pytest.mark.parametrize(
    "conduct", [Conduct.BLACK_HOLE, Conduct.RESET_BEFORE, Conduct.NONSENSE]
)
async def test_no_answer_that_makes_sense(
    pretend: PretendInflux, conduct: Conduct
) -> None:
    pretend.faults.replace([Fault(conduct=conduct)])
    findings = await v2(pretend, request_timeout_s=0.3)
    assert findings.troubles() == {"reach": FAIL}


async def test_nobody_listens() -> None:
    findings = await v1(f"http://127.0.0.1:{free_port()}", "b")
    assert findings.troubles() == {"reach": FAIL}
    assert "nothing listens there" in findings["reach"].detail


@pytest.mark.service
async def test_another_kind_of_service_listens(
    mosquitto: Mosquitto,
) -> None:
    findings = await v1(f"http://127.0.0.1:{mosquitto.port}", "b")
    assert findings.troubles() == {"reach": FAIL}
