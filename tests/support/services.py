"""Fixtures: real services on free ports, one server a session, fresh state a test.

A test that asks for one is marked `service` by its use; where the program is not
installed it is skipped, and the reason says what to install.
"""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from simulators.services import (
    Influxd,
    Mosquitto,
    VictoriaMetrics,
    available,
)

_databases = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """An empty database of a running InfluxDB 1.x."""

    server: Influxd
    name: str

    @property
    def url(self) -> str:
        return self.server.url

    def query(self, statement: str) -> list[dict[str, object]]:
        return self.server.query(statement, self.name)

    def count(self, field: str, measurement: str = "rating") -> int:
        """How many points of a measurement hold `field`."""
        (result,) = self.query(f'SELECT count("{field}") FROM "{measurement}"')
        match result:
            case {"series": [{"values": [[_, int(count)]]}]}:
                return count
            case _:
                return 0


@pytest.fixture
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A fresh broker; `kill`, `stop` and `start` keep its port and its data."""
    require("mosquitto")
    with Mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker:
        yield broker


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """One InfluxDB 1.x for the whole session; take `influx1` for a database."""
    require("influxd")
    with Influxd(tmp_path_factory.mktemp("influxd")) as server:
        yield server


@pytest.fixture
def influx1(influxd: Influxd) -> Iterator[Database]:
    """An empty database of the session's InfluxDB 1.x."""
    database = Database(influxd, f"test{next(_databases)}")
    influxd.create(database.name)
    yield database
    influxd.drop(database.name)


@pytest.fixture(scope="session")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    """One VictoriaMetrics for the whole session."""
    require("victoria-metrics")
    with VictoriaMetrics(tmp_path_factory.mktemp("victoria")) as server:
        yield server


def require(program: str) -> None:
    """Skip the test when a program is not installed; in CI nothing may be missing."""
    if available(program) is not None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{program} is not installed, and CI skips nothing")
    pytest.skip(f"{program} is not installed")
