"""`evalgate command` and `evalgate settings`."""

from typing import Any

import pytest

from gateway.cli.main import main
from tests.unit.gateway.cli.conftest import CannedApi

COMMANDS = "/api/v1/devices/d-1/commands"
SETTINGS = "/api/v1/devices/d-1/settings"
ASKED = {"place": "1.6.0.0", "processed": True, "outcome": {"command_id": "1.6.0.0"}}


def step(what: str, **fields: object) -> dict[str, Any]:
    empty = {"by": None, "detail": None, "late": False}
    return {"at": "2026-11-21T12:00:00.000Z", "what": what, **empty, **fields}


def item(state: str, *history: dict[str, Any], is_open: bool = False) -> dict[str, Any]:
    told = {"result": None, "state": state, "is_open": is_open}
    return {**told, "history": list(history)}


@pytest.fixture(autouse=True)
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.cli.command._LOOK_S", 60.0)


@pytest.mark.parametrize(
    ("shown", "code", "words"),
    [
        (item("done", step("asked", by="ann"), step("done")), 0, ["asked (ann)"]),
        (item("failed", step("failed", detail="no paper")), 1, ["failed (no paper)"]),
        (item("sent", step("sent"), is_open=True), 1, ["no outcome yet"]),
    ],
)
def test_it_waits_for_the_outcome_and_tells_each_step(
    api: CannedApi,
    capsys: pytest.CaptureFixture[str],
    shown: dict[str, Any],
    code: int,
    words: list[str],
) -> None:
    one = f"GET {COMMANDS}/1.6.0.0"
    api.answers = {f"POST {COMMANDS}": (200, ASKED), one: (200, shown)}
    argv = ["command", "d-1", "identify", "seconds=3", "--expires", "1"]
    assert main([*argv, "--config", str(api.config)]) == code
    out = capsys.readouterr().out
    assert all(one in out for one in words)


def test_without_a_name_the_last_ones_are_listed(
    api: CannedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"asked_at": "t", "asked_by": "ann", "error": None}
    row = {"command_id": "1.6.0.0", "command": "identify", "state": "done", **told}
    page = {"items": [row], "next_cursor": None}
    api.answers = {f"GET {COMMANDS}": (200, page)}
    assert main(["command", "d-1", "--config", str(api.config)]) == 0
    assert "1.6.0.0\tidentify\tdone\tt\tann\t-" in capsys.readouterr().out


@pytest.mark.parametrize(("drift", "code"), [(False, 0), (True, 1)])
def test_settings_that_have_drifted_fail(
    api: CannedApi, capsys: pytest.CaptureFixture[str], *, drift: bool, code: int
) -> None:
    api.answers = {f"GET {SETTINGS}": (200, {"desired": {"a": 1}, "drift": drift})}
    assert main(["settings", "d-1", "--config", str(api.config)]) == code
    assert 'desired  {"a": 1}' in capsys.readouterr().out


@pytest.mark.parametrize("words", [["volume=40", "prompt=请"], ["--clear"]])
def test_settings_are_put_or_taken_back(
    api: CannedApi, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    done = {"place": "1.7.0.0", "processed": True, "outcome": {"revision": 2}}
    api.answers = {f"PUT {SETTINGS}": (200, done)}
    assert main(["settings", "d-1", *words, "--config", str(api.config)]) == 0
    assert capsys.readouterr().out == "done: revision 2\n"


@pytest.mark.parametrize(
    ("argv", "code"),
    [(["settings", "d-1", "a=1", "--clear"], 1), (["command", "d-1", "x", "y"], 2)],
)
def test_what_makes_no_sense_is_said_in_one_line(
    api: CannedApi, capsys: pytest.CaptureFixture[str], argv: list[str], code: int
) -> None:
    try:
        found = main([*argv, "--config", str(api.config)])
    except SystemExit as error:
        found = int(error.code or 0)
    assert found == code
    assert capsys.readouterr().err
