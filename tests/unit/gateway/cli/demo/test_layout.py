"""Where a demo's parts are."""

import csv
import socket
from pathlib import Path

import pytest

from gateway.cli.demo import layout
from gateway.cli.demo.commands import commands, environment
from gateway.cli.demo.hints import hints
from gateway.cli.demo.layout import accepts, free_ports, lay_out
from gateway.cli.live.figures import Process
from gateway.settings import load_settings


def test_its_configuration_is_a_valid_one_with_its_own_ports(tmp_path: Path) -> None:
    made = lay_out(tmp_path, 5)
    settings = load_settings(made.config, {})
    assert settings.broker.url.endswith(f":{made.ports.broker}")
    assert settings.console.listen == f"127.0.0.1:{made.ports.console}"
    assert settings.gateway.data_dir == tmp_path / "data"
    assert made.run_dir == settings.gateway.data_dir / "run"
    assert len(set(made.ports)) == len(made.ports)


def test_every_terminal_stands_at_a_window_of_a_hall(tmp_path: Path) -> None:
    made = lay_out(tmp_path, 5)
    named = dict(load_settings(made.config, {}).fleet.tables())
    rows = {
        name: list(csv.DictReader(path.read_text("utf-8").splitlines()))
        for name, path in named.items()
    }
    assert [row["device_id"] for row in rows["devices"]][::4] == [
        "pad-00000",
        "pad-00004",
    ]
    halls = {row["id"] for row in rows["sites"]}
    assert {row["site"] for row in rows["devices"]} == halls - {"city"}
    windows = {row["id"]: row["site"] for row in rows["windows"]}
    assert all(windows[row["window"]] == row["site"] for row in rows["devices"])
    departments = {row["id"] for row in rows["departments"]}
    assert {row["department"] for row in rows["windows"]} <= departments


def test_a_taken_port_of_the_console_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(layout, "CONSOLE_PORT", port)
        assert accepts(port)
        assert free_ports().console != port
    assert free_ports().console == port
    assert not accepts(port)


def test_the_pretend_broker_serves_where_mosquitto_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = lay_out(tmp_path, 5)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert commands(made)["broker"].note == "pretend broker"
    monkeypatch.setattr("shutil.which", lambda *_, **__: "/sbin/mosquitto")
    assert commands(made)["broker"].note == "mosquitto"


def test_the_users_own_gateway_settings_do_not_reach_the_demo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EVALGATE__BROKER__URL", "mqtt://elsewhere")
    monkeypatch.setenv("EVALGATE_CONFIG", "elsewhere.toml")
    monkeypatch.setenv("HOME", "mine")
    found = environment()
    assert found["HOME"] == "mine"
    assert not any(name.startswith("EVALGATE") for name in found)


def test_hints_name_the_pids_of_now_and_only_verbs_there_are(tmp_path: Path) -> None:
    made = lay_out(tmp_path, 5)
    running = [
        Process("process", 123),
        Process("backend", 124),
        Process("broker", None),
    ]
    without = [command for command, _ in hints(made, running, "pad-1:e", ())]
    assert "kill -9 123" in without
    assert "kill -STOP 124" in without
    assert not any("trace" in command or "None" in command for command in without)
    with_trace = [command for command, _ in hints(made, running, "pad-1:e", ["trace"])]
    assert with_trace[0].endswith(f"trace pad-1:e --config {made.config}")
