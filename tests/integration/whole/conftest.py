"""One set of neighbours for each module; a gateway stops with the module."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.gateway_process import SECRET
from simulators.processes import Child
from simulators.services import Influxd, Mosquitto
from tests.support.services import Database, require
from tests.support.whole import Services, Whole


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole")


@pytest.fixture(scope="module")
def broker(directory: Path) -> Iterator[Mosquitto]:
    require("mosquitto")
    with Mosquitto(directory / "broker") as broker:
        yield broker


@pytest.fixture(scope="module")
def database(influxd: Influxd, directory: Path) -> Iterator[Database]:
    database = Database(influxd, directory.name.replace("-", "_"))
    influxd.create(database.name)
    yield database
    influxd.drop(database.name)


@pytest.fixture(scope="module")
def backend_url(directory: Path) -> Iterator[str]:
    words = ["--log", str(directory / "backend.log"), "--secret", SECRET]
    command = [sys.executable, "-m", "simulators", "backend", *words]
    with Child(command, directory / "backend.err", piped=True) as child:
        yield json.loads(child.read_line())["url"]


@pytest.fixture(scope="module")
def services(broker: Mosquitto, backend_url: str, database: Database) -> Services:
    return Services(broker.port, backend_url, database.server.url, database.name)


@pytest.fixture(scope="module")
def gateway(directory: Path, services: Services) -> Iterator[Whole]:
    """Not started: a module says how it begins."""
    whole = Whole(directory / "gateway", services)
    yield whole
    whole.kill()
