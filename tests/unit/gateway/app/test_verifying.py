"""The chain and the counts: what proves that nothing was lost, what gives it away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app.paths import Paths
from gateway.app.verifying import check_chain, check_counts, verify
from gateway.errors import PermanentError
from gateway.ports import RatingEvent
from gateway.settings import load_settings
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
        config = root / "gateway.toml"
        config.write_text('[broker]\nurl = "mqtt://h"\n')
        self.paths = Paths(load_settings(config))
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


def failed(stores: DataDir) -> dict[str, str]:
    """What does not agree: detail by name."""
    findings = [*check_chain(stores.paths), *check_counts(stores.paths)]
    return {finding.name: finding.detail for finding in findings if not finding.ok}


def test_a_sound_gateway_passes(stores: DataDir) -> None:
    stores.deliveries.sink("main", "influxdb", 1, 3, 2, 1, "open", "503")
    (chain,) = check_chain(stores.paths)
    assert chain == ("chain", True, f"{BLOCKS} blocks, headers and bodies")
    fates, sink = check_counts(stores.paths)
    assert fates.ok
    assert fates.detail.startswith("received 5, sum of fates 5, at block")
    expected = "addressed 5, delivered 2, owed 2, dead 1"
    assert sink == ("sink main", True, expected)


def test_a_fate_too_few_is_found(stores: DataDir) -> None:
    stores.ledger.execute("UPDATE fate SET elements = 4")
    assert failed(stores)["fates"].startswith("received 5, sum of fates 4")


def test_the_ledger_s_own_count_of_messages_proves_nothing(stores: DataDir) -> None:
    stores.ledger.execute("UPDATE state SET value = 4 WHERE name = 'messages'")
    stores.ledger.execute("UPDATE fate SET elements = 4")
    assert "fates" in failed(stores)


def test_elements_beyond_one_a_message_are_counted(stores: DataDir) -> None:
    stores.ledger.state(elements_extra=2)
    stores.ledger.fate("duplicate", 2)
    assert failed(stores) == {}


def test_an_event_neither_delivered_nor_owed_is_found(stores: DataDir) -> None:
    stores.deliveries.sink("main", "influxdb", 1, 3, 1, 1, "ok", None)
    assert failed(stores) == {"sink main": "addressed 5, delivered 1, owed 2, dead 1"}


def test_a_flipped_bit_in_a_body_is_found(stores: DataDir) -> None:
    stores.journal.sql("UPDATE block SET body = CAST(x'00' || substr(body, 2) AS BLOB)")
    assert "content is not what was written" in failed(stores)["chain"]


def test_a_mark_beyond_the_journal_is_found(stores: DataDir) -> None:
    stores.journal.sql("DELETE FROM block WHERE number > 3")
    assert failed(stores)["chain"] == f"blocks 4-{BLOCKS}: gone without a record of it"


def test_a_journal_that_cannot_be_read_is_a_finding(stores: DataDir) -> None:
    stores.journal.close()
    size = stores.journal.file.stat().st_size
    with stores.journal.file.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    (finding,) = check_chain(stores.paths)
    assert not finding.ok
    assert finding.detail.startswith("cannot be read")


def test_without_a_journal_it_says_so(stores: DataDir) -> None:
    stores.journal.file.unlink()
    with pytest.raises(PermanentError, match="nothing was ever kept"):
        list(verify(stores.paths))
