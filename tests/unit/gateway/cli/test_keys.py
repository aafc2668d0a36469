"""`keys`: which there are, which were copied, a new one."""

import json
from pathlib import Path

import pytest

from gateway.cli.main import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def config(tmp_path: Path, capsys: Captured) -> str:
    main(["init", str(tmp_path / "hall")])
    capsys.readouterr()
    return str(tmp_path / "hall" / "gateway.toml")


def listed(config: str, capsys: Captured) -> dict[str, object]:
    assert main(["keys", "list", "--json", "--config", config]) == 0
    body: dict[str, object] = json.loads(capsys.readouterr().out)
    return body


def test_a_new_key_is_not_exported_until_it_is(
    config: str, tmp_path: Path, capsys: Captured
) -> None:
    before = {"key_ids": [1], "sealing": 1, "exported": [1]}
    assert listed(config, capsys) == before
    assert main(["keys", "rotate", "--config", config]) == 0
    assert "key 2 seals from the next start" in capsys.readouterr().out
    rotated = {"key_ids": [1, 2], "sealing": 2, "exported": [1]}
    assert listed(config, capsys) == rotated
    copy = str(tmp_path / "copy")
    assert main(["keys", "export", copy, "--config", config]) == 0
    assert copy in capsys.readouterr().out
    assert listed(config, capsys) == {**rotated, "exported": [1, 2]}


def test_no_keyring_is_one_line(tmp_path: Path, capsys: Captured) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('[broker]\nurl = "mqtt://h"\n')
    assert main(["keys", "list", "--config", str(config)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot read the keyring" in line
