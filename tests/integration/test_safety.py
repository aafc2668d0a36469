"""The promise on real services: killed under load, nothing is lost or doubled."""

from pathlib import Path

import pytest

from tests.safety.kills import run_kills
from tests.safety.trials import schedule
from tests.safety.verdict import failures
from tests.safety.world import Setting, World
from tests.support.services import require

pytestmark = pytest.mark.service

SEED = 1


def test_a_gateway_killed_three_times_loses_and_doubles_nothing(tmp_path: Path) -> None:
    require("mosquitto")
    require("influxd")
    with World(tmp_path, Setting()) as world:
        findings = run_kills(world, list(schedule(3, SEED)), SEED, print)
    assert failures(findings, in_flight_min=1) == []
    assert findings.drained
