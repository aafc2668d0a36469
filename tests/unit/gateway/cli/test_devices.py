"""`devices import` and `export`: tables of terminals."""

import io
import json
import sys
from pathlib import Path

import pytest

from gateway.cli.main import main
from tests.unit.gateway.cli.conftest import CannedApi

Captured = pytest.CaptureFixture[str]
TABLE = "device_id,site\nd-1,hall\n,hall\n"
DONE = {
    "dry_run": False,
    "created": 1,
    "changed": 0,
    "unchanged": 2,
    "refused": 0,
    "errors": [],
    "place": "1.2.3.0",
}
REFUSED = {**DONE, "refused": 3, "errors": [{"line": 3, "detail": "no \x1b device_id"}]}
IMPORT = "POST /api/v1/devices/import"


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "devices.csv"
    path.write_text(TABLE, "utf-8")
    return str(path)


def call(api: CannedApi, *argv: str) -> int:
    return main(["devices", *argv, "--config", str(api.config)])


def test_a_table_is_sent_as_it_is(api: CannedApi, table: str, capsys: Captured) -> None:
    api.answers = {IMPORT: (200, DONE)}
    assert call(api, "import", table) == 0
    assert api.asked == [(IMPORT, TABLE)]
    out = capsys.readouterr().out
    assert out == "done: 1 created, 0 changed, 2 unchanged, 0 refused\n"


def test_a_dry_run_changes_nothing_and_says_so(
    api: CannedApi, table: str, capsys: Captured
) -> None:
    api.answers = {IMPORT: (200, {**DONE, "dry_run": True})}
    assert call(api, "import", table, "--dry-run") == 0
    assert api.asked == [(f"{IMPORT}?dry_run=true", TABLE)]
    assert capsys.readouterr().out.startswith("nothing was changed, it would be: 1 ")


def test_each_row_that_is_refused_is_told_with_its_line(
    api: CannedApi, table: str, capsys: Captured
) -> None:
    api.answers = {IMPORT: (200, REFUSED)}
    assert call(api, "import", table) == 1
    first, more, summary = capsys.readouterr().out.splitlines()
    assert first == f"{table}:3: no \ufffd device_id"
    assert more == "… and 2 more"
    assert summary.endswith("3 refused")


def test_an_import_for_programs_is_the_apis_body(
    api: CannedApi, table: str, capsys: Captured
) -> None:
    api.answers = {IMPORT: (200, REFUSED)}
    assert call(api, "import", table, "--json") == 1
    assert json.loads(capsys.readouterr().out) == REFUSED


def test_an_import_that_waits_for_the_processor(
    api: CannedApi, table: str, capsys: Captured
) -> None:
    waiting = {"place": "1.6.0.0", "processed": False, "outcome": {}}
    api.answers = {IMPORT: (202, waiting)}
    assert call(api, "import", table) == 0
    assert capsys.readouterr().out == "recorded at 1.6.0.0, not processed yet\n"


def test_a_table_from_standard_input(
    api: CannedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answers = {IMPORT: (200, DONE)}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TABLE.encode())))
    assert call(api, "import", "-") == 0
    assert api.asked == [(IMPORT, TABLE)]


def test_a_file_that_is_not_there(api: CannedApi, capsys: Captured) -> None:
    assert call(api, "import", "nowhere.csv") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "evalgate: nowhere.csv: No such file or directory: name a CSV file"


def test_an_export_is_the_table_itself(
    api: CannedApi, tmp_path: Path, capsys: Captured
) -> None:
    api.answers = {"GET /api/v1/devices/export": (200, TABLE.encode())}
    assert call(api, "export") == 0
    assert capsys.readouterr().out == TABLE
    target = tmp_path / "out.csv"
    assert call(api, "export", "--output", str(target)) == 0
    assert target.read_text("utf-8") == TABLE
