"""Targets are set for what is there: a name that nobody knows is refused."""

from pathlib import Path

import pytest

from gateway.cli.usable import load_usable
from gateway.settings import SettingsError
from tests.support.folding import FoldedLedger

TABLES = '[fleet]\nsites_file = "sites.csv"\ndevices_file = "devices.csv"\n'


def config(folder: Path, scope: str, tables: str = "") -> Path:
    path = folder / "gateway.toml"
    broker = '[broker]\nurl = "mqtt://127.0.0.1"\n[gateway]\ndata_dir = "data"\n'
    target = f'[[targets]]\nat_least = "90"\nscope = {{ {scope} }}\n'
    path.write_text(f"{broker}{tables}{target}")
    return path


def refused(path: Path) -> list[str]:
    try:
        load_usable(path)
    except SettingsError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(
    ("scope", "lines"),
    [
        ('site = "hall"', []),
        ('site = "*", window = "w1"', []),
        ('service = "passport", medium = "web"', []),
        ('department = "d1"', []),  # no table of them, and no ledger yet
        ('site = "hal"', ["site: no site 'hal': did you mean hall?"]),
        ('medium = "fax"', ["medium: no medium 'fax': there are terminal, qr, "]),
        (
            'window = "x", device = "y"',
            [
                "window: no window 'x': list it in fleet.windows_file, or over the",
                "device: no device 'y': list it in fleet.devices_file, or over the",
            ],
        ),
    ],
)
def test_a_target_names_what_the_tables_speak_of(
    tmp_path: Path, scope: str, lines: list[str]
) -> None:
    (tmp_path / "sites.csv").write_text("id\nhall\n")
    (tmp_path / "devices.csv").write_text("device_id,site,window\nd-1,hall,w1\n")
    said = refused(config(tmp_path, scope, TABLES))
    assert len(said) == len(lines)
    for line, found in zip(lines, said, strict=True):
        assert found.startswith(f"targets[0].scope.{line}")


def test_what_came_over_the_api_is_known_and_what_is_in_force_stays(
    tmp_path: Path,
) -> None:
    path = config(tmp_path, 'department = "d1"')
    (tmp_path / "data").mkdir()
    world = FoldedLedger(tmp_path / "data" / "ledger.db")
    world.rules()
    assert len(refused(path)) == 1
    rows = {"author": "a", "table": "departments", "rows": [{"id": "d1"}]}
    world.act("registry_put", rows)
    assert refused(path) == []
    gone = config(tmp_path, 'department = "gone"')
    assert len(refused(gone)) == 1
    before = {"at_least": "90", "scope": {"department": "gone"}}
    figure = {"figure": "satisfaction_rate", "period": "month"}
    world.act("targets_applied", {"targets": [before | figure]})
    assert refused(gone) == []
    world.close()


def test_a_gateway_whose_ledger_is_to_be_folded_again_starts(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("id\nhall\n")
    (tmp_path / "devices.csv").write_text("device_id,site,window\nd-1,hall,w1\n")
    path = config(tmp_path, 'site = "annex"', TABLES)  # it came over the API
    assert len(refused(path)) == 1
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "journal.db").touch()
    assert refused(path) == []
