"""`token`: who may use the API."""

import json
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.tokens import Tokens
from tests.unit.gateway.cli.conftest import CannedApi

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text('[broker]\nurl = "mqtt://h"\n')
    return path


def call(config: Path, *argv: str) -> int:
    return main(["token", *argv, "--config", str(config)])


def test_a_token_is_shown_once_and_known_from_then_on(
    config: Path, capsys: Captured
) -> None:
    scopes = "--scopes", "read,operate", "--site", "hall"
    assert call(config, "create", "desk", *scopes) == 0
    text, *remarks = capsys.readouterr().out.splitlines()
    found = Tokens(config.parent / "data" / "tokens.json").find(text)
    assert found is not None
    assert (found.name, found.scopes, found.site) == (
        "desk",
        ("read", "operate"),
        "hall",
    )
    assert any("answers nobody without a token" in line for line in remarks)
    assert call(config, "list") == 0
    out = capsys.readouterr().out
    assert "desk" in out
    assert text not in out


def test_a_revoked_token_is_gone(config: Path, capsys: Captured) -> None:
    call(config, "create", "desk", "--json")
    assert set(json.loads(capsys.readouterr().out)) == {"name", "token"}
    assert call(config, "revoke", "desk") == 0
    capsys.readouterr()
    assert call(config, "list", "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert body == {"items": [], "next_cursor": None}
    assert call(config, "revoke", "desk") == 1
    assert capsys.readouterr().err.startswith("evalgate: there is no token 'desk'")


def test_a_scope_that_does_not_exist(config: Path, capsys: Captured) -> None:
    assert call(config, "create", "desk", "--scopes", "everything") == 1
    assert "no scope 'everything': there are read," in capsys.readouterr().err


def test_the_variables_token_goes_with_each_request(
    api: CannedApi, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answers = {"GET /api/v1/devices/d": (401, {"detail": "This needs a token."})}
    assert main(["devices", "show", "d", "--config", str(api.config)]) == 1
    assert "(set EVALGATE_TOKEN; " in capsys.readouterr().err
    monkeypatch.setenv("EVALGATE_TOKEN", "evg_x")
    main(["devices", "show", "d", "--config", str(api.config)])
    assert api.tokens == [None, "Bearer evg_x"]
