"""`init`: files to start with, for one user, never over others."""

import json
from pathlib import Path

import pytest

from gateway.app.doctor.configuration import keys
from gateway.cli.main import main
from gateway.settings import load_settings
from gateway.settings.fields import WEBHOOK_SECRET_PREFIX
from tests.support.findings import Findings

Captured = pytest.CaptureFixture[str]
FILES = {"gateway.toml", "keyring", "keyring.saved", "recovery.key", "backend.secret"}


def test_what_it_makes_can_be_used_as_it_is(tmp_path: Path, capsys: Captured) -> None:
    hall = tmp_path / "new" / "hall"
    assert main(["init", str(hall), "--broker", "mqtts://b.example"]) == 0
    out = capsys.readouterr().out
    assert f"evalgate doctor --config {hall}/gateway.toml" in out
    assert main(["check", "--json", "--config", str(hall / "gateway.toml")]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == []
    settings = load_settings(hall / "gateway.toml", {})
    assert settings.broker.url == "mqtts://b.example"
    assert settings.broker.client_id == f"evalgate-{settings.gateway.id}"


def test_every_file_is_for_our_user_alone(tmp_path: Path) -> None:
    hall = tmp_path / "hall"
    main(["init", str(hall)])
    assert {path.name for path in hall.iterdir()} == FILES
    assert {path.stat().st_mode & 0o777 for path in hall.iterdir()} == {0o600}
    assert hall.stat().st_mode & 0o777 == 0o700


def test_the_long_form_stays_but_for_what_is_filled_in(tmp_path: Path) -> None:
    main(["init", str(tmp_path / "hall"), "--id", "hall-north"])
    made = (tmp_path / "hall" / "gateway.toml").read_text("utf-8").splitlines()
    long_form = Path(__file__).parents[4] / "config" / "gateway.toml"
    shown = long_form.read_text("utf-8").splitlines()
    changed = [new for new, old in zip(made, shown, strict=True) if new != old]
    assert [line.partition("  #")[0].strip() for line in changed] == [
        'id = "hall-north"',
        'client_id = "evalgate-hall-north"',
    ]


def test_two_gateways_of_one_machine_have_different_names(tmp_path: Path) -> None:
    ids = set()
    for name in ("one", "two"):
        main(["init", str(tmp_path / name)])
        ids.add(load_settings(tmp_path / name / "gateway.toml", {}).gateway.id)
    assert len(ids) == 2


def test_the_secret_serves_a_backend_at_once(tmp_path: Path) -> None:
    main(["init", str(tmp_path)])
    config = tmp_path / "gateway.toml"
    backend = '[[backend]]\nurl = "https://b/x"\nsecret_file = "backend.secret"\n'
    config.write_text(config.read_text("utf-8") + backend, "utf-8")
    (sink,) = load_settings(config, {}).backend
    assert sink.secret is not None
    assert sink.secret.get_secret_value().startswith(WEBHOOK_SECRET_PREFIX)


def test_the_recovery_key_is_a_copy_of_the_keyring(tmp_path: Path) -> None:
    main(["init", str(tmp_path)])
    keyring, copy = tmp_path / "keyring", tmp_path / "recovery.key"
    assert copy.read_bytes() == keyring.read_bytes()
    assert "still lies at" in Findings(keys(keyring))["recovery"].detail
    copy.unlink()
    assert Findings(keys(keyring)).troubles() == {}


@pytest.mark.parametrize("name", ["gateway.toml", "keyring", "backend.secret"])
def test_nothing_is_overwritten(tmp_path: Path, capsys: Captured, name: str) -> None:
    (tmp_path / name).write_text("precious")
    assert main(["init", str(tmp_path)]) == 1
    assert f"{tmp_path / name} exists: nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "precious"


def test_values_that_cannot_be_used_leave_nothing_behind(
    tmp_path: Path, capsys: Captured
) -> None:
    assert main(["init", str(tmp_path), "--broker", "http://b"]) == 2
    assert "broker.url: must look like mqtt://" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_paths_for_programs(tmp_path: Path, capsys: Captured) -> None:
    assert main(["init", str(tmp_path), "--id", "hall", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["id"] == "hall"
    assert all(Path(path).is_file() for path in body["files"].values())
