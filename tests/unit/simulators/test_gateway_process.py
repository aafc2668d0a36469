"""A gateway's configuration is the file an operator would write."""

import tomllib
from dataclasses import replace
from pathlib import Path

from simulators.gateway_process import GatewayProcess, Site


def site(tmp_path: Path) -> Site:
    return Site(
        directory=tmp_path / "gateway",
        broker_port=1883,
        influx_url="http://127.0.0.1:8086",
        backend_url="http://127.0.0.1:9000/events",
        console_port=8700,
    )


def test_points_go_to_a_bucket_or_to_a_database(tmp_path: Path) -> None:
    there = site(tmp_path)
    v2 = tomllib.loads(there.write_config().read_text())["influxdb"][0]
    assert (v2["api"], v2["bucket"]) == ("v2", "b")
    v1 = tomllib.loads(replace(there, database="d").write_config().read_text())
    assert v1["influxdb"][0]["database"] == "d"


def test_known_devices_are_listed_and_others_held(tmp_path: Path) -> None:
    there = replace(site(tmp_path), devices={"pad-1": "active", "pad-2": "retired"})
    fleet = tomllib.loads(there.write_config().read_text())["fleet"]
    assert fleet["unknown_devices"] == "hold"
    lines = Path(fleet["devices_file"]).read_text().splitlines()
    assert lines[0].startswith("device_id,hw_serial,")
    assert lines[1:] == ["pad-1,,,,active,,,,", "pad-2,,,,retired,,,,"]


def test_only_the_living_have_a_pid(tmp_path: Path) -> None:
    gateway = GatewayProcess(site(tmp_path))
    run = gateway.site.data_dir / "run"
    run.mkdir(parents=True)
    (run / "ingest.pid").write_text(str(2**22 + 1))
    (run / "deliver.pid").write_text("")
    assert gateway.pids() == {}
    assert not gateway.kill_role("ingest")
