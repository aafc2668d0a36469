"""`evalgate inspections press-test`."""

from typing import Any

import pytest

from gateway.cli.main import main
from tests.unit.gateway.cli.conftest import CannedApi

PATH = "/api/v1/devices/d-1/press-test"
KEYS = [{"key": 0, "level": 5}, {"key": 1, "level": 1}]
STARTED = {"place": "1.6.0.0", "processed": True, "outcome": {"keys": KEYS}}


def shown(state: str, *confirmed: int) -> dict[str, Any]:
    keys = [one | {"confirmed": one["key"] in confirmed} for one in KEYS]
    return {"state": state, "keys": keys}


@pytest.fixture(autouse=True)
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.cli.press_test._LOOK_S", 6.0)
    monkeypatch.setattr("gateway.cli.press_test._SETTLE_S", 0.0)


@pytest.mark.parametrize(
    ("test", "code", "words"),
    [
        (shown("passed", 0, 1), 0, ["key 0 (level 5): confirmed", "passed"]),
        (shown("failed", 0), 1, ["failed, never pressed: key 1 (level 1)"]),
        (shown("running"), 1, ["never pressed: key 0 (level 5), key 1 (level 1)"]),
    ],
)
def test_each_key_is_told_and_silent_ones_fail(
    api: CannedApi,
    capsys: pytest.CaptureFixture[str],
    test: dict[str, Any],
    code: int,
    words: list[str],
) -> None:
    api.answers = {f"POST {PATH}": (200, STARTED), f"GET {PATH}": (200, test)}
    argv = ["inspections", "press-test", "d-1", "--timeout", "1"]
    assert main([*argv, "--config", str(api.config)]) == code
    out = capsys.readouterr().out
    assert "press each of 2 keys within 1 s" in out
    assert all(one in out for one in words)
