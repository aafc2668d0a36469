"""Canaries through a whole gateway, whose backend is killed and comes back."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.gateway_process import SECRET
from simulators.processes import Child, free_port
from tests.support.services import Database
from tests.support.whole import Whole, arrived, counts_agree, eventually

pytestmark = pytest.mark.service


class Backend:
    """A pretend backend that can be killed, and comes back where it was."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._listen = f"127.0.0.1:{free_port()}"
        self.log = directory / "canaries.log"
        self.url = f"http://{self._listen}"
        self._child: Child | None = None

    def start(self) -> None:
        words = ["--log", str(self.log), "--secret", SECRET, "--listen", self._listen]
        command = [sys.executable, "-m", "simulators", "backend", *words]
        self._child = Child(command, self._directory / "canaries.err", piped=True)
        assert json.loads(self._child.read_line())["url"] == self.url

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


@pytest.fixture
def backend(directory: Path) -> Iterator[Backend]:
    backend = Backend(directory)
    backend.start()
    yield backend
    backend.kill()


def health(gateway: Whole) -> dict[str, str]:
    return {
        way["sink"] or "journal": way["health"]
        for way in gateway.ask("canaries")["items"]
    }


def well(gateway: Whole) -> bool:
    return health(gateway) == dict.fromkeys(("journal", "hook", "points"), "ok")


def test_canaries_arrive_are_missed_when_the_backend_is_killed_and_come_back(
    gateway: Whole, backend: Backend, database: Database
) -> None:
    hook = gateway.sections["[[backend]]"]
    hook[1] = f'url = "{backend.url}/events"'
    gateway.sections["[canary]"] = ["every_s = 1", "slow_s = 1.0"]
    gateway.write()
    gateway.start()
    eventually(lambda: well(gateway), "canaries at every end")

    assert set(arrived(backend.log, "canary.recorded")) == {"hall"}
    assert arrived(backend.log, "rating.recorded") == []
    eventually(lambda: database.count("canary", "gateway") > 0, "its point is written")
    assert database.count("level") == 0
    shown = gateway.cli("status").out
    assert "canaries to hook: 1 of 1 sites in time, the slowest " in shown
    assert "canary" not in gateway.alerts()

    backend.kill()
    eventually(lambda: "canary" in gateway.alerts(), "the backend is missed")
    assert gateway.alerts()["canary"] == "no canary of hall reaches sink hook"
    ways = health(gateway)
    assert (ways["journal"], ways["points"], ways["hook"]) == ("ok", "ok", "missing")

    backend.start()
    eventually(lambda: well(gateway), "canaries at every end again")
    assert "canary" not in gateway.alerts()
    pipeline = gateway.ask("pipeline")
    assert counts_agree(pipeline)
    assert pipeline["accepted"] == pipeline["received"] > 0
    assert gateway.ask("ratings")["items"] == []
    assert [it["device_id"] for it in gateway.ask("devices")["items"]] == ["dev-1"]
    assert gateway.stop() == 0
