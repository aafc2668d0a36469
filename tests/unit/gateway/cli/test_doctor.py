"""`doctor`: a line a finding, exit codes, JSON; what runs here is left alone."""

import json
import socket
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.supervisor import prepare
from tests.unit.gateway.cli.conftest import CannedApi
from tests.unit.gateway.cli.test_api_verbs import NOT_READY, READY

Captured = pytest.CaptureFixture[str]


def configured(tmp_path: Path, port: int) -> Path:
    config = tmp_path / "gateway.toml"
    config.write_text(
        '[broker]\nurl = "mqtt://127.0.0.1:1"\n'
        f'[console]\nlisten = "127.0.0.1:{port}"\n'
    )
    return config


def test_each_finding_is_a_line_that_says_what_to_do(
    tmp_path: Path, capsys: Captured
) -> None:
    assert main(["doctor", "--config", str(configured(tmp_path, 1))]) == 1
    *lines, summary = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "warn", "fail"}
    (broker,) = (line for line in lines if "broker: reach" in line)
    assert broker.startswith("fail  broker: reach: 127.0.0.1:1: nothing listens there")
    assert "; do: start it there" in broker
    assert summary.endswith(" 1 failed")


def test_findings_for_programs(tmp_path: Path, capsys: Captured) -> None:
    assert main(["doctor", "--json", "--config", str(configured(tmp_path, 1))]) == 1
    body = json.loads(capsys.readouterr().out)
    assert body["ok"] is False
    keys = {"area", "name", "level", "detail", "advice"}
    assert all(set(finding) == keys for finding in body["findings"])
    assert {f["area"] for f in body["findings"]} == {
        "gateway",
        "configuration",
        "keys",
        "disk",
        "backup",
        "clock",
        "broker",
    }


def test_a_broken_configuration_is_exit_code_2_and_a_finding_a_fault(
    tmp_path: Path, capsys: Captured
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text("[broker]\n[intake]\nreceive_max = 0\n")
    assert main(["doctor", "--config", str(config)]) == 2
    first, second, summary = capsys.readouterr().out.splitlines()
    assert first.startswith(
        "fail  configuration: file: broker.url: is missing: add it; do: "
    )
    assert "intake.receive_max" in second
    assert summary == "0 ok, 0 to look at, 2 failed"


def test_files_that_we_may_not_read_are_a_finding(
    tmp_path: Path, capsys: Captured
) -> None:
    config = configured(tmp_path, 1)
    prepare(tmp_path / "data")
    (tmp_path / "data" / "lock").mkdir()  # root may read all but this
    assert main(["doctor", "--config", str(config)]) == 1
    out = capsys.readouterr().out
    assert f"fail  disk: access: {tmp_path}/data/lock: Is a directory; do: run" in out
    assert "broker: reach" in out, "the rest is examined all the same"


def test_a_port_that_another_program_holds(tmp_path: Path, capsys: Captured) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        taken = configured(tmp_path, silent.getsockname()[1])
        assert main(["doctor", "--config", str(taken)]) == 1
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("fail  gateway: console: 127.0.0.1")
    assert "cannot be taken: Address already in use" in line


def of_gateway(api: CannedApi, capsys: Captured) -> list[str]:
    main(["doctor", "--config", str(api.config)])
    lines = capsys.readouterr().out.splitlines()
    return [line for line in lines if " gateway: " in line]


def test_a_running_gateway_speaks_for_itself(api: CannedApi, capsys: Captured) -> None:
    alert = {"cause": "link_down", "text": "d-1 sent \x1b[2J"}
    api.answers = {
        "GET /readyz": (503, NOT_READY),
        "GET /api/v1/alerts": (200, {"items": [alert], "next_cursor": None}),
    }
    running, check, alerted = of_gateway(api, capsys)
    assert running.startswith("ok    gateway: running: at http://127.0.0.1:")
    assert check.startswith("fail  gateway: check.deliver: role is down; do: ")
    assert alerted.startswith(
        "warn  gateway: alert.link_down: d-1 sent \ufffd[2J; do: "
    )
    assert {method for method, _ in api.asked} == {
        "GET /readyz",
        "GET /api/v1/alerts?state=open",
    }


def test_a_gateway_that_wants_a_token(api: CannedApi, capsys: Captured) -> None:
    api.answers = {
        "GET /readyz": (200, READY),
        "GET /api/v1/alerts": (401, {"code": "unauthorized", "detail": "A token."}),
    }
    (line,) = of_gateway(api, capsys)
    assert "EVALGATE_TOKEN" in line
