"""Where points go: a real InfluxDB 1.6, or a pretend one that can misbehave."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from simulators.processes import Child
from simulators.services import Influxd
from tests.safety.http import get_json

DATABASE = "safety"


class Points(Protocol):
    @property
    def url(self) -> str: ...

    def held(self) -> int:
        """How many points of ratings it holds."""

    def reconcile_options(self) -> list[str]:
        """How the reconciliation script is told to ask it."""


class RealPoints:
    def __init__(self, stack: ExitStack, directory: Path) -> None:
        self._server = stack.enter_context(Influxd(directory))
        self._server.create(DATABASE)

    @property
    def url(self) -> str:
        return self._server.url

    def held(self) -> int:
        count = 'SELECT count("level") FROM "rating"'
        (result,) = self._server.query(count, DATABASE)
        match result:
            case {"series": [{"values": [[_, int(held)]]}]}:
                return held
            case _:
                return 0

    def reconcile_options(self) -> list[str]:
        return ["--influx1", self.url, "--database", DATABASE]


class PretendPoints:
    """`python -m simulators influx --api v1`, already started."""

    def __init__(self, server: Child) -> None:
        self._url: str = json.loads(server.read_line())["url"]

    @property
    def url(self) -> str:
        return self._url

    def held(self) -> int:
        counts = get_json(f"{self.url}/pretend/counts")
        return int(counts["by_measurement"].get("rating", 0))

    def reconcile_options(self) -> list[str]:
        return ["--dump", self.url]
