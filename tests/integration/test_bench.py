"""The benchmark measures what it says, shown on a consumer of a few lines."""

import json
from pathlib import Path

import pytest

from simulators import bench
from tests.support.services import require

pytestmark = pytest.mark.service

# Takes ratings to both sinks, all but the last `DROPPED`.
CONSUMER = """\
import json, os, urllib.request
import paho.mqtt.client as mqtt

sink, taken = os.environ["SINK_URL"], []

def post(path, body):
    urllib.request.urlopen(sink + path, data=body)

def forward(client, userdata, message):
    taken.append(json.loads(message.payload))
    if len(taken) == 200 - DROPPED:
        ids = [one["event_id"] for one in taken]
        lines = [f'rating,device=d level=5i,event_id="{name}" 1' for name in ids]
        post("/write?db=d", "\\n".join(lines).encode())
        post("/events", json.dumps(taken).encode())

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
client.on_message = forward
client.on_connect = lambda c, *_: c.subscribe("evaluators/v1/+/rating", 1)
client.connect("127.0.0.1", int(os.environ["BROKER_PORT"]))
client.loop_forever()
"""


def run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, object]]:
    require("mosquitto")
    options = ["--n", "200", "--devices", "5", "--rate", "1000", "--json"]
    script = ["--yardstick", str(tmp_path / "consumer.py"), "--yardstick-only"]
    status = bench.main([*options, *script])
    report = json.loads(capsys.readouterr().out)
    (found,) = report["runs"]
    return status, found


def test_a_complete_run_gives_rate_cost_and_latency(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "consumer.py").write_text(CONSUMER.replace("DROPPED", "0"))
    status, found = run(tmp_path, capsys)
    assert status == 0
    assert found["void"] is None
    assert (found["points"], found["events"]) == (200, 200)
    assert isinstance(found["latency_ms"], dict)
    assert found["latency_ms"]["max"] > 100  # the first waits for the last


def test_a_run_that_loses_one_message_is_void(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulators.benchmark.measure._PATIENCE_S", 1.0)
    (tmp_path / "consumer.py").write_text(CONSUMER.replace("DROPPED", "1"))
    status, found = run(tmp_path, capsys)
    assert status == 1
    assert found["void"] == "sinks hold 199 points, 199 events"
