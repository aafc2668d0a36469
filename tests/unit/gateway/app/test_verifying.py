"""`verify`: what proves that nothing was lost, and what gives it away."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.ports import RatingEvent
from tests.support.api import Deliveries
from tests.support.events import rating_event
from tests.support.journals import Directory
from tests.support.ledger_file import LedgerFile

BLOCKS = 5


class DataDir:
    """A stopped gateway's stores: five messages, all accepted, one sink."""

    def __init__(self, root: Path) -> None:
        data = root / "data"
        data.mkdir()
        self.config = root / "gateway.toml"
        self.config.write_text('[broker]\nurl = "mqtt://h"\n')
        self.journal = Directory(data)
        self.journal.write(BLOCKS)
        self.ledger = LedgerFile(data / "ledger.db")
        last = self.journal.read()[-1].header.number
        self.ledger.state(block=last, messages=BLOCKS)
        self.ledger.fate("accepted", BLOCKS)
        self.ledger.sink("main", "influxdb")
        self.ledger.addressed("main", BLOCKS)
        self.ledger.outbox(1, *[_recorded(number) for number in range(BLOCKS)])
        self.deliveries = Deliveries(data / "delivery.db")

    def close(self) -> None:
        self.journal.close()
        self.ledger.close()
        self.deliveries.close()


def _recorded(number: int) -> RatingEvent:
    return rating_event(number)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[DataDir]:
    data_dir = DataDir(tmp_path)
    yield data_dir
    data_dir.close()


Captured = pytest.CaptureFixture[str]


def verify(stores: DataDir, captured: Captured) -> tuple[int, dict[str, str]]:
    """The exit code, and what failed: detail by name."""
    code = main(["verify", "--config", str(stores.config), "--json"])
    body = json.loads(captured.readouterr().out)
    failed = {f["name"]: f["detail"] for f in body["findings"] if not f["ok"]}
    assert body["ok"] == (not failed) == (code == 0)
    return code, failed


def test_a_sound_gateway_passes(stores: DataDir, capsys: Captured) -> None:
    stores.deliveries.sink("main", "influxdb", 1, 3, 2, 1, "open", "503")
    assert verify(stores, capsys) == (0, {})
    assert main(["verify", "--config", str(stores.config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("ok    fates: received 5, sum of fates 5, at block")
    assert lines[-1] == "ok    sink main: addressed 5, delivered 2, owed 2, dead 1"


def test_a_fate_too_few_is_found(stores: DataDir, capsys: Captured) -> None:
    stores.ledger.execute("UPDATE fate SET elements = 4")
    code, failed = verify(stores, capsys)
    assert code == 1
    assert failed["fates"].startswith("received 5, sum of fates 4")


def test_the_ledger_s_own_count_of_messages_proves_nothing(
    stores: DataDir, capsys: Captured
) -> None:
    stores.ledger.execute("UPDATE state SET value = 4 WHERE name = 'messages'")
    stores.ledger.execute("UPDATE fate SET elements = 4")
    assert "fates" in verify(stores, capsys)[1]


def test_elements_beyond_one_a_message_are_counted(
    stores: DataDir, capsys: Captured
) -> None:
    stores.ledger.state(elements_extra=2)
    stores.ledger.fate("duplicate", 2)
    assert verify(stores, capsys) == (0, {})


def test_an_event_neither_delivered_nor_owed_is_found(
    stores: DataDir, capsys: Captured
) -> None:
    stores.deliveries.sink("main", "influxdb", 1, 3, 1, 1, "ok", None)
    failed = verify(stores, capsys)[1]
    assert failed == {"sink main": "addressed 5, delivered 1, owed 2, dead 1"}


def test_a_flipped_bit_in_a_body_is_found(stores: DataDir, capsys: Captured) -> None:
    stores.journal.sql("UPDATE block SET body = CAST(x'00' || substr(body, 2) AS BLOB)")
    code, failed = verify(stores, capsys)
    assert code == 1
    assert "body" in failed["chain"]


def test_without_a_journal_it_says_so(stores: DataDir, capsys: Captured) -> None:
    stores.journal.file.unlink()
    assert main(["verify", "--config", str(stores.config)]) == 1
    assert "nothing was ever kept" in capsys.readouterr().err
