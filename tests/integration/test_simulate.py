"""A small population with every fault, against a gateway among real services."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from simulators.services import available

SCENARIO = """\
[population]
terminals = 30
levels = { A = 0.6, B = 0.3, C = 0.1 }

[[stages]]
duration_s = 3
rate = 60

[ratings]
double_press = 0.02
practice = 0.02

[clocks]
ahead = 0.1
behind = 0.1
wrong_zone = 0.1
never_set = 0.2

[faults]
offline_per_hour = 120
offline_s = [0.5, 1]
unclean_per_hour = 120
resend = 0.1
id_reuse = 0.05
seq_reset_per_hour = 60
clones = 0.1
junk = 0.2
slow = 0.1
slow_ms = [20, 100]
junk_reasons = ["bad_topic", "not_json", "schema", "retired_device", "unknown_device"]
"""

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        available("mosquitto") is None, reason="mosquitto not installed"
    ),
]


def simulate(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulators", "simulate", *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=90, check=False
    )


def test_everything_sent_is_accounted_for(tmp_path: Path) -> None:
    scenario = tmp_path / "small.toml"
    scenario.write_text(SCENARIO, "utf-8")
    report, junit = tmp_path / "report.json", tmp_path / "junit.xml"
    done = simulate(
        str(scenario), "--gateway", "--reconcile", "--drain", "45", "--quiet",
        "--report", str(report), "--junit", str(junit),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Exact: nothing lost, nothing doubled, nothing altered." in done.stdout
    found = json.loads(report.read_text("utf-8"))
    stores = found["reconciliation"]["stores"]
    assert set(stores) == {
        "ledger", "receipts", "fates", "quarantine", "influxdb", "backend",
    }  # fmt: skip
    assert stores["ledger"]["held"] >= found["expected"]["ratings"] > 100
    assert found["still_kept"] == 0
    assert ET.parse(junit).getroot().get("failures") == "0"


def test_broker_that_is_not_there_is_said_in_one_line() -> None:
    done = simulate("quiet", "--terminals", "3", "--broker", "127.0.0.1:1", "--quiet")
    assert done.returncode == 1
    assert "no terminal could connect to 127.0.0.1:1" in done.stderr
    assert done.stderr.count("\n") == 1
