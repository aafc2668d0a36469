"""The API over a ledger that the fold makes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.folded_api import FoldedApi


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    folded = FoldedApi(tmp_path)
    sinks = [{"name": "main", "kind": "influxdb", "events": ["*"]}]
    folded.world.act("sinks_applied", {"sinks": sinks})
    yield folded
    folded.close()
