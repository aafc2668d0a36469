"""What is said of the configuration, the keys and their copy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.app import recovery
from gateway.app.doctor import Level
from gateway.app.doctor.configuration import broken, examine, keys
from gateway.sealing import open_keyring, rotate
from gateway.settings import SettingsError, load_settings
from gateway.tokens import Tokens
from tests.support.findings import Findings

OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL
BROKER = '[broker]\nurl = "mqtt://h"\n'
SINK = '[[influxdb]]\nbucket = "b"\n'


def found(tmp_path: Path, text: str, mode: int = 0o600) -> Findings:
    config = tmp_path / "gateway.toml"
    config.write_text(text, "utf-8")
    config.chmod(mode)
    return Findings(examine(load_settings(config, {}), config))


def test_a_configuration_that_can_be_used(tmp_path: Path) -> None:
    findings = found(tmp_path, BROKER + SINK)
    assert findings.troubles() == {"keyring": WARN}, "not made yet"
    assert "Asia/Shanghai" in findings["time_zone"].detail


def test_ratings_that_go_nowhere(tmp_path: Path) -> None:
    assert found(tmp_path, BROKER)["sinks"].level is WARN


def test_a_table_that_is_not_there_yet(tmp_path: Path) -> None:
    text = f'{BROKER}{SINK}[fleet]\nsites_file = "sites.csv"\n'
    findings = found(tmp_path, text)
    assert findings["tables"].level is WARN
    assert "sites.csv does not exist yet" in findings["tables"].detail


def test_a_table_that_is_broken(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("name\nhall\n", "utf-8")
    text = f'{BROKER}{SINK}[fleet]\nsites_file = "sites.csv"\n'
    findings = found(tmp_path, text)
    assert findings["file"].level is FAIL
    assert "sites.csv" in findings["file"].detail + findings["file"].advice


def test_an_api_for_other_machines_needs_a_token(tmp_path: Path) -> None:
    text = f'{BROKER}{SINK}[console]\nlisten = "0.0.0.0:8700"\n'
    assert found(tmp_path, text)["file"].level is FAIL
    Tokens(tmp_path / "data" / "tokens.json").create("desk", ["read"], None, 0)
    assert found(tmp_path, text)["file"].level is OK


@pytest.mark.parametrize(("mode", "level"), [(0o644, WARN), (0o640, None)])
def test_a_password_that_every_user_may_read(
    tmp_path: Path, mode: int, level: Level | None
) -> None:
    findings = found(tmp_path, f'{BROKER}password = "x"\n{SINK}', mode)
    assert findings.troubles().get("secrets") is level


def test_faults_of_the_file_are_findings_with_what_to_do() -> None:
    findings = list(broken(SettingsError("broker.url: is missing: add it", "odd")))
    assert [it.detail for it in findings] == ["broker.url: is missing: add it", "odd"]
    assert all(it.level is FAIL and it.advice for it in findings)


def exported_elsewhere(keyring: Path, copy: Path) -> None:
    recovery.export(keyring, copy)
    copy.unlink()


def rotated(keyring: Path, copy: Path) -> None:
    exported_elsewhere(keyring, copy)
    rotate(keyring)


def unreadable(keyring: Path, _copy: Path) -> None:
    keyring.write_text("nonsense\n")


@pytest.mark.parametrize(
    ("done", "troubles", "words"),
    [
        (lambda *_: None, {"recovery": WARN}, "key 1 was never exported"),
        (recovery.export, {"recovery": WARN}, "the copy still lies at"),
        (exported_elsewhere, {}, "every key was exported"),
        (rotated, {"recovery": WARN}, "key 2 was never exported"),
        (lambda ring, _: ring.chmod(0o644), {"keyring": FAIL}, "others may read"),
        (unreadable, {"keyring": FAIL}, "not a keyring"),
    ],
)
def test_keys_and_their_copy(
    tmp_path: Path,
    done: Callable[[Path, Path], object],
    troubles: dict[str, Level],
    words: str,
) -> None:
    keyring = tmp_path / "keyring"
    open_keyring(keyring)
    done(keyring, tmp_path / "recovery.key")
    findings = Findings(keys(keyring))
    assert findings.troubles() == troubles
    assert any(words in finding.detail for finding in findings.values())
