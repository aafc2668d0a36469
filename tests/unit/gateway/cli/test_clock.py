"""`clock accept`: a record that names who believed the clock."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.ipc.intake import serving
from gateway.ports import Record, RecordKind

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
    async with serving(config.parent / "data" / "run" / "ingest.sock", submit):
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
