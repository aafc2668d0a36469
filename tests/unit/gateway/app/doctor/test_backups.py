"""Where backups go, as doctor sees it."""

from pathlib import Path

from gateway.app.backup import MANIFEST
from gateway.app.doctor import Level
from gateway.app.doctor.backups import examine
from gateway.settings import load_settings
from tests.support.findings import Findings


def found(folder: Path, directory: Path | None) -> Findings:
    config = folder / "gateway.toml"
    text = '[broker]\nurl = "mqtt://h"\n'
    if directory is not None:
        text += f'[backup]\ndirectory = "{directory}"\n'
    config.write_text(text)
    return Findings(examine(load_settings(config)))


def test_none_are_made(tmp_path: Path) -> None:
    findings = found(tmp_path, None)
    assert findings.troubles() == {"off": Level.WARN}
    assert "[backup]" in findings["off"].advice


def test_the_disk_of_the_data_is_no_place_and_the_newest_is_named(
    tmp_path: Path,
) -> None:
    whole = tmp_path / "copies" / "evalgate-20261122T063000Z"
    whole.mkdir(parents=True)
    (whole / MANIFEST).touch()
    findings = found(tmp_path, tmp_path / "copies")
    assert findings.troubles() == {"disk": Level.WARN}
    assert findings["last"].detail.endswith("the newest evalgate-20261122T063000Z")


def test_a_directory_that_will_be_made(tmp_path: Path) -> None:
    findings = found(tmp_path, tmp_path / "not" / "yet")
    assert "the first start makes one" in findings["last"].detail


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    assert found(tmp_path, Path("/proc/copies")).troubles() == {"writable": Level.FAIL}
