"""`clock accept`: a record that names who believed the clock."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.ipc.intake import serving
from gateway.ports import HeaderFlag, Record, RecordKind
from gateway.supervisor import directory_lock
from tests.support.stores import HOUR_MS, Stores

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "data" / "run").mkdir(parents=True)
    path = tmp_path / "gateway.toml"
    path.write_text('[broker]\nurl = "mqtt://h"\n')
    return path


async def test_the_record_reaches_ingest_and_its_place_is_told(
    config: Path, capsys: Captured
) -> None:
    taken: list[Record] = []

    async def submit(records: list[Record]) -> tuple[int, int, int]:
        taken.extend(records)
        return 1, 12, 3

    command = ["clock", "accept", "--config", str(config), "--json"]
    data_dir = config.parent / "data"
    (data_dir / "journal.db").touch()
    with directory_lock(data_dir):
        async with serving(data_dir / "run" / "ingest.sock", submit):
            assert await asyncio.to_thread(main, command) == 0
    assert json.loads(capsys.readouterr().out) == {"place": "1.12.3.0"}
    (record,) = taken
    assert (record.kind, record.topic) == (RecordKind.ACT, "clock_accepted")
    assert json.loads(record.payload)["author"].startswith("cli uid ")


def test_without_a_running_gateway_it_fails_in_one_line(
    config: Path, capsys: Captured
) -> None:
    assert main(["clock", "accept", "--config", str(config)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_stopped_gateway_gets_the_record_from_the_verb_itself(
    tmp_path: Path, capsys: Captured
) -> None:
    stores = Stores(tmp_path)
    stores.start()
    assert main(["clock", "accept", "--config", str(stores.config)]) == 0
    assert capsys.readouterr().out == "accepted, recorded at 1.3.0.0\n"
    newest = stores.journal.read()[-1]
    assert newest.records is not None
    assert [record.topic for record in newest.records] == ["clock_accepted"]


def test_an_alert_stands_while_the_clock_is_suspect(tmp_path: Path) -> None:
    stores = Stores(tmp_path)
    stores.start()
    stores.journal.clock.set_wall(stores.journal.clock.wall_ms() + 48 * HOUR_MS)
    stores.append([])
    stores.append([])
    stores.fold()
    assert stores.journal.read()[-1].header.flags == HeaderFlag.CLOCK_SUSPECT
    alerts = "SELECT cause, state, count FROM alert"
    assert stores.ask(alerts) == [("clock_suspect", "open", 1)]
    stores.act("clock_accepted", {"author": "x"})
    stores.append([])
    stores.fold()
    assert stores.ask(alerts) == [("clock_suspect", "resolved", 1)]
    assert stores.failed() == []
