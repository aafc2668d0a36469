"""`verify` beside a gateway at work, and after it was stopped."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.safety.kills import start_load
from tests.safety.world import Setting, World
from tests.support.services import require

pytestmark = pytest.mark.service

RATE = 100
SEED = 3


def verified(config: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "gateway.cli", "verify", "--json"]
    done = subprocess.run(
        [*command, "--config", str(config)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    body: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode == 0) == body["ok"]
    return body


def test_it_agrees_while_messages_come_in_and_when_all_is_over(
    tmp_path: Path,
) -> None:
    require("mosquitto")
    with World(tmp_path, Setting(pretend_influx=True, tapped=False)) as world:
        config = world.gateway.site.directory / "gateway.toml"
        world.start_gateway()
        world.wait_subscribed()
        with start_load(world, SEED, RATE) as load:
            world.wait_taken(RATE, 60)
            beside = [verified(config) for _ in range(2)]
            load.terminate()
            good = json.loads(load.read_line())["good"]
        assert world.drain(good)
        world.gateway.stop()
        after = verified(config)
    for body in (*beside, after):
        assert body["ok"], body
    names = [finding["name"] for finding in after["findings"]]
    assert names == ["chain", "fates", *names[2:-1], "fold"]
    assert "sink business" in names
