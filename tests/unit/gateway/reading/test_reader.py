"""Reads by who does not own the store: short, bounded, never in the owner's way."""

import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.queries.asking import QueryDeadlineError, StoreAbsentError
from gateway.reading import Reader

ENDLESS = """
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i FROM n) SELECT count(*) FROM n
"""


def make_store(path: Path, value: int) -> apsw.Connection:
    owner = apsw.Connection(str(path))
    owner.execute("PRAGMA journal_mode = WAL")
    owner.execute("CREATE TABLE t (value); PRAGMA user_version = 1")
    owner.execute("INSERT INTO t VALUES (?)", (value,))
    return owner


@pytest.fixture
def store(tmp_path: Path) -> Iterator[apsw.Connection]:
    owner = make_store(tmp_path / "store.db", 1)
    yield owner
    owner.close()


def value(connection: apsw.Connection) -> object:
    return connection.execute("SELECT value FROM t").fetchall()[0][0]


def test_a_reader_sees_the_last_commit_while_the_owner_writes(
    store: apsw.Connection, tmp_path: Path
) -> None:
    reader = Reader(tmp_path / "store.db")
    store.execute("BEGIN IMMEDIATE; UPDATE t SET value = 2")
    assert reader.read(value) == 1
    store.execute("COMMIT")
    assert reader.read(value) == 2
    reader.close()


def test_no_read_transaction_outlives_its_question(
    store: apsw.Connection, tmp_path: Path
) -> None:
    reader = Reader(tmp_path / "store.db")
    reader.read(value)
    store.execute("UPDATE t SET value = 2")
    log_frames, copied = store.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    assert (log_frames, copied) == (0, 0)
    reader.close()


@pytest.mark.usefixtures("store")
def test_a_question_beyond_its_deadline_is_broken_off(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "store.db", deadline_ms=50)
    with pytest.raises(QueryDeadlineError):
        reader.read(lambda connection: connection.execute(ENDLESS).fetchall())
    assert reader.read(value) == 1
    reader.close()


@pytest.mark.usefixtures("store")
def test_too_many_questions_at_once_wait_no_longer_than_the_deadline(
    tmp_path: Path,
) -> None:
    reader = Reader(tmp_path / "store.db", deadline_ms=50, connections=1)
    asked, answered = threading.Event(), threading.Event()

    def hold(_: apsw.Connection) -> None:
        asked.set()
        answered.wait(30)

    holder = threading.Thread(target=reader.read, args=(hold,))
    holder.start()
    asked.wait(30)
    with pytest.raises(QueryDeadlineError, match="too many questions"):
        reader.read(value)
    answered.set()
    holder.join(30)
    assert reader.read(value) == 1
    reader.close()


@pytest.mark.usefixtures("store")
def test_nothing_can_be_written(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "store.db")
    with pytest.raises(apsw.ReadOnlyError):
        reader.read(lambda connection: connection.execute("DELETE FROM t"))
    reader.close()


def test_before_the_store_is_made_readers_are_told_so(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "store.db")
    with pytest.raises(StoreAbsentError, match=r"store\.db does not exist"):
        reader.read(value)
    apsw.Connection(str(tmp_path / "store.db")).execute("PRAGMA journal_mode = WAL")
    with pytest.raises(StoreAbsentError, match="no schema"):
        reader.read(value)
    reader.close()


def test_a_store_that_was_replaced_is_read_anew(
    store: apsw.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    reader = Reader(path)
    assert reader.read(value) == 1
    store.close()
    restored = make_store(tmp_path / "restored.db", 7)
    restored.close()
    for suffix in ("-wal", "-shm"):
        path.with_name(f"store.db{suffix}").unlink()
    (tmp_path / "restored.db").replace(path)
    assert reader.read(value) == 7
    reader.close()
