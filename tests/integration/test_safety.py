"""The promise on real services: killed under load, nothing is lost or doubled.

And the proof that this test would see it: the shipped gateway with one mechanism
taken away fails under the same kills.
"""

from pathlib import Path

import pytest

from tests.safety.kills import Findings, run_kills
from tests.safety.mutation import MUTANTS, mutated
from tests.safety.trials import schedule
from tests.safety.verdict import failures
from tests.safety.world import Setting, World
from tests.support.services import require

pytestmark = pytest.mark.service

# Its kills: ingest with received messages not yet appended, the link, ingest alone.
SEED = 51
RATE = 500  # enough for messages in flight at each kill; ./dev safety sends 3,000
STALLED_S = 3

# What each mutant does wrong, and the first of the trials that show it.
DAMAGE = {
    "ack_before_append": ("missing", 1),
    "auto_ack": ("missing", 1),
    "no_identity": ("extra", 1),
    "ack_after_reconnect": ("foreign acknowledgements", 2),
}


def kill(
    directory: Path, setting: Setting, trials: int, *, restarted: bool
) -> Findings:
    require("mosquitto")
    require("influxd")
    kills = list(schedule(trials, SEED))
    with World(directory, setting) as world:
        return run_kills(world, kills, SEED, print, restarted=restarted)


def test_a_gateway_killed_three_times_loses_and_doubles_nothing(tmp_path: Path) -> None:
    findings = kill(tmp_path, Setting(rate=RATE), 3, restarted=True)
    assert failures(findings, in_flight_min=1) == []
    assert findings.drained


def test_every_mutant_has_its_damage() -> None:
    assert set(DAMAGE) == set(MUTANTS)


@pytest.mark.parametrize("mutant", DAMAGE)
def test_a_mutant_under_the_same_kills_fails_with_counts(
    mutant: str, tmp_path: Path
) -> None:
    damage, trials = DAMAGE[mutant]
    setting = Setting(env=mutated(mutant), rate=RATE, stalled_s=STALLED_S)
    findings = kill(tmp_path, setting, trials, restarted=False)
    log = (tmp_path / "gateway" / "log").read_text("utf-8")
    assert f"mutant in force: {mutant}" in log
    assert [fault for fault in failures(findings, 0) if fault.endswith(damage)]
