"""`user`: who may log in to the console."""

import io
import json
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.tokens import Tokens
from gateway.users import Users

Captured = pytest.CaptureFixture[str]
PASSWORD = "correct horse battery"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text('[broker]\nurl = "mqtt://h"\n')
    return path


@pytest.fixture(autouse=True)
def _typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n" * 5))


def call(config: Path, *argv: str) -> int:
    return main(["user", *argv, "--config", str(config)])


def users(config: Path) -> Users:
    return Users(config.parent / "data" / "users.json")


def test_a_user_is_made_with_a_password_of_standard_input(
    config: Path, capsys: Captured
) -> None:
    wanted = "--role", "auditor", "--site", "hall", "--with", "contact"
    assert call(config, "create", "li", *wanted) == 0
    found = users(config).verified("li", PASSWORD)
    assert found is not None
    assert (found.site, found.scopes) == (
        "hall",
        frozenset({"audit", "read", "contact"}),
    )
    assert "From now on the console asks who logs in" in capsys.readouterr().out
    assert call(config, "list") == 0
    out = capsys.readouterr().out
    assert "li" in out
    assert "argon2" not in out


def test_a_clerk_is_made_of_an_employee(config: Path, capsys: Captured) -> None:
    assert call(config, "create", "chen", "--role", "clerk") == 1
    assert "a clerk is an employee" in capsys.readouterr().err
    assert call(config, "create", "chen", "--role", "clerk", "--employee", "E7") == 0
    assert call(config, "list", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out.splitlines()[-1])["items"]
    assert (row["employee"], row["scopes"]) == ("E7", ["own"])


def test_a_user_is_shut_out_let_in_and_forgotten(
    config: Path, capsys: Captured
) -> None:
    call(config, "create", "li", "--role", "viewer")
    for act, there in (("disable", False), ("enable", True), ("remove", False)):
        assert call(config, act, "li") == 0
        assert (users(config).find("li") is not None) == there
    assert call(config, "remove", "li") == 1
    assert "there is no user 'li'" in capsys.readouterr().err
    assert call(config, "list", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["items"] == []


def test_a_password_is_changed(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call(config, "create", "li", "--role", "viewer")
    monkeypatch.setattr("sys.stdin", io.StringIO("quite another one\n"))
    assert call(config, "password", "li") == 0
    assert users(config).verified("li", "quite another one") is not None


def test_a_user_and_a_token_never_share_a_name(config: Path, capsys: Captured) -> None:
    Tokens(config.parent / "data" / "tokens.json").create("li", ["read"], None, 0)
    assert call(config, "create", "li", "--role", "viewer") == 1
    assert "there is a token 'li'" in capsys.readouterr().err
    call(config, "create", "zhang", "--role", "viewer")
    assert main(["token", "create", "zhang", "--config", str(config)]) == 1
    assert "there is a user 'zhang'" in capsys.readouterr().err
