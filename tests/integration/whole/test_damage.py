"""Files damaged while the gateway is stopped: told at the next start."""

import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import pytest

from gateway.journal.mark import SLOT_BYTES, read_mark
from simulators.services import Mosquitto
from tests.support.services import Database
from tests.support.whole import Services, Whole, counts_agree, eventually, press, rating

pytestmark = pytest.mark.service

PRESSES = 6


class Before(NamedTuple):
    """A stopped gateway that had taken `PRESSES` ratings."""

    directory: Path
    services: Services
    ratings: list[dict[str, Any]]
    pipeline: dict[str, Any]


@pytest.fixture(scope="module")
def before(gateway: Whole, broker: Mosquitto) -> Before:
    del gateway.sections["[[backend]]"]
    gateway.sections["[gateway]"] = ['id = "hall"']
    gateway.write()
    gateway.start()
    for number in range(PRESSES):  # one after the other: each makes a block
        press(broker.port, "dev-1", rating(f"000{number}"))
        gateway.accepted(number + 1)
    eventually(lambda: gateway.sink("points")["delivered"] == PRESSES, "delivered")
    ratings, pipeline = gateway.ask("ratings")["items"], gateway.ask("pipeline")
    assert gateway.stop() == 0
    return Before(gateway.directory, gateway.services, ratings, pipeline)


@pytest.fixture
def again(before: Before, tmp_path: Path) -> Iterator[Whole]:
    """A copy of it, not started: to be damaged."""
    directory = tmp_path / "gateway"
    shutil.copytree(before.directory, directory)
    (directory / "log").unlink()
    whole = Whole(directory, before.services)
    del whole.sections["[[backend]]"]
    whole.sections["[gateway]"] = ['id = "hall"']
    whole.write()
    yield whole
    whole.kill()


def sql(statement: str) -> Callable[[Path], None]:
    def damage(data_dir: Path) -> None:
        connection = apsw.Connection(str(data_dir / "journal.db"))
        connection.execute(statement)
        connection.close()

    return damage


def blocks_with_messages(data_dir: Path) -> list[int]:
    connection = apsw.Connection(str(data_dir / "journal.db"))
    found = connection.execute("SELECT number FROM block WHERE messages > 0").fetchall()
    connection.close()
    return [number for (number,) in found if isinstance(number, int)]


def flip_bit_of_a_body(data_dir: Path) -> None:
    number = blocks_with_messages(data_dir)[2]
    connection = apsw.Connection(str(data_dir / "journal.db"))
    ((body,),) = connection.execute(
        "SELECT body FROM block WHERE number = ?", (number,)
    ).fetchall()
    assert isinstance(body, bytes)
    flipped = body[:-1] + bytes([body[-1] ^ 1])
    connection.execute("UPDATE block SET body = ? WHERE number = ?", (flipped, number))
    connection.close()


def flip_bit_of_a_header(data_dir: Path) -> None:
    number = blocks_with_messages(data_dir)[2]
    sql(f"UPDATE block SET appended_ms = appended_ms + 1 WHERE number = {number}")(
        data_dir
    )


def cut_the_file(data_dir: Path, keep_bytes: int = 8192) -> None:
    """Without the log beside it, which would heal it."""
    connection = apsw.Connection(str(data_dir / "journal.db"))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    with (data_dir / "journal.db").open("r+b") as file:
        file.truncate(keep_bytes)


def cut_the_file_before_all_blocks(data_dir: Path) -> None:
    cut_the_file(data_dir, 4096)


def lose_the_last_blocks(data_dir: Path) -> None:
    number = blocks_with_messages(data_dir)[-2]
    sql(f"DELETE FROM block WHERE number >= {number}")(data_dir)


def lose_the_mark(data_dir: Path) -> None:
    (data_dir / "journal.mark").unlink()


def put_the_mark_ahead(data_dir: Path) -> None:
    path = data_dir / "journal.mark"
    mark = read_mark(path)
    assert mark is not None
    ahead = (b"evgmark1", mark.number + 5, mark.generation, mark.received, mark.chain)
    body = struct.pack(">8sQQQ32s", *ahead)
    slot = body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(slot.ljust(SLOT_BYTES, b"\0"))


def lose_the_ledger(data_dir: Path) -> None:
    for path in data_dir.glob("ledger.db*"):
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "cause", "said"),
    [
        (flip_bit_of_a_body, "journal_damaged", "DIFF  chain: block "),
        (flip_bit_of_a_header, "journal_damaged", "DIFF  chain: block "),
        (cut_the_file, "journal_damaged", "DIFF  fold"),
        (cut_the_file_before_all_blocks, "gap", "DIFF  fold"),
        (lose_the_last_blocks, "gap", "DIFF"),
        (put_the_mark_ahead, "gap", ""),
    ],
    ids=lambda it: getattr(it, "__name__", None),
)
def test_damage_is_an_alarm_at_the_next_start_and_nothing_is_swallowed_after_it(
    again: Whole,
    before: Before,
    damage: Callable[[Path], None],
    cause: str,
    said: str,
) -> None:
    damage(again.data_dir)
    again.start(until=lambda: cause in again.alerts())
    eventually(again.is_ready, "ready")
    assert again.alerts()[cause] in again.cli("status").out
    press(again.services.broker_port, "dev-1", rating("0100"), rating("0005"))
    eventually(lambda: again.ask("ratings/dev-1:event-0100"), "a new press")
    eventually(lambda: counts_agree(again.ask("pipeline")), "accounts")
    pipeline = again.ask("pipeline")
    assert pipeline["journal"]["block"] > before.pipeline["journal"]["block"]
    assert pipeline["accepted"] == PRESSES + 1
    assert pipeline["duplicate"] == before.pipeline["duplicate"] + 1
    done = again.cli("verify")
    assert said in done.out
    assert done.code == (1 if said else 0), done.out


def test_a_lost_mark_is_made_again(again: Whole) -> None:
    lose_the_mark(again.data_dir)
    again.start()
    press(again.services.broker_port, "dev-1", rating("0100"))
    again.accepted(PRESSES + 1)
    assert set(again.alerts()) == {"backup_off"}
    assert again.cli("verify").code == 0


def test_a_lost_ledger_is_folded_again_and_equal(
    again: Whole, before: Before, database: Database
) -> None:
    lose_the_ledger(again.data_dir)
    points = database.count("event_id")
    again.start()
    again.accepted(PRESSES)
    assert again.ask("ratings")["items"] == before.ratings
    press(again.services.broker_port, "dev-1", rating("0200"), rating("0000"))
    again.accepted(PRESSES + 1)
    assert again.ask("pipeline")["duplicate"] == before.pipeline["duplicate"] + 1
    eventually(lambda: database.count("event_id") == points + 1, "the new point")
    done = again.cli("verify")
    assert done.code == 0, done.out


def test_an_older_ledger_put_back_is_folded_up_to_the_present(
    again: Whole, database: Database, tmp_path: Path
) -> None:
    older = tmp_path / "older.db"
    connection = apsw.Connection(str(again.data_dir / "ledger.db"))
    connection.execute("VACUUM INTO ?", (str(older),))  # as a checkpoint is made
    connection.close()
    again.start()
    press(again.services.broker_port, "dev-1", rating("0300"))
    again.accepted(PRESSES + 1)
    eventually(lambda: again.sink("points")["owed"] == 0, "delivered")
    points, ratings = database.count("event_id"), again.ask("ratings")["items"]
    assert again.stop() == 0
    lose_the_ledger(again.data_dir)
    shutil.copy(older, again.data_dir / "ledger.db")
    again.start()
    again.accepted(PRESSES + 1)
    assert again.ask("ratings")["items"] == ratings
    assert database.count("event_id") == points
    assert again.cli("verify").code == 0
