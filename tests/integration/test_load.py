"""The load generator against a real broker: what it tells is what it sent."""

import json
import sys
from pathlib import Path

import pytest

from simulators.processes import Child
from simulators.services import Mosquitto

pytestmark = pytest.mark.service


def load(broker: Mosquitto, tmp_path: Path, *options: str) -> dict[str, int]:
    command = [sys.executable, "-m", "simulators", "load", "--port", str(broker.port)]
    manifest = tmp_path / "manifest"
    with Child(
        [*command, "--manifest", str(manifest), *options],
        tmp_path / "load.log",
        piped=True,
    ) as child:
        if "--hold" in options:
            assert json.loads(child.read_line())["ready"]
            child.write_line("go")
        report: dict[str, int] = json.loads(child.read_line())
        assert child.wait(30) == 0
    return report


def test_full_speed_sends_everything_and_lists_the_good(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    options = ("--n", "2000", "--devices", "10", "--resend", "0.1", "--junk", "0.05")
    report = load(mosquitto, tmp_path, *options, "--hold", "--births")
    lines = (tmp_path / "manifest").read_text().splitlines()
    assert len({json.loads(line)["event_id"] for line in lines}) == 2000
    assert (report["good"], report["births"]) == (2000, 10)
    assert report["resent"] > 100
    assert report["junk"] > 50
    total = sum(report[name] for name in ("good", "resent", "junk", "births"))
    assert report["acknowledged"] == total


def test_a_rate_is_kept(mosquitto: Mosquitto, tmp_path: Path) -> None:
    report = load(mosquitto, tmp_path, "--n", "500", "--rate", "1000")
    took_s = (report["last_ns"] - report["first_ns"]) / 1e9
    assert took_s > 0.45
