"""On disk: erased from every byte, whatever kills it on the way; no step is idle."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from gateway.app.redacting import Redactor
from gateway.journal.sqlite import SqliteJournal
from gateway.ledger.checkpoints import Checkpoints
from gateway.ledger.queues import Queues
from gateway.places import Place
from gateway.processing.erasure.copies import Copies
from tests.support import forgetting
from tests.support.stores import Stores

SECRET = "S3CRET-13800138000"
TARGET = "dev-9:event-0001"
BODY = {"v": 1, "event_id": "event-0001", "level": 1, "comment": SECRET}
CONFLICT = BODY | {"level": 2}


def encoded(body: object) -> bytes:
    return json.dumps(body).encode()


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path)
    made.start()
    made.rate(40, blocks=2)
    said = [encoded(one) for one in (BODY, BODY, CONFLICT)]
    for body in said:
        made.rate(10)
        made.append([forgetting.message(made, body)])
    made.rate(40, blocks=2)
    made.fold()
    made.checkpoint()
    made.rate(10)
    made.fold()
    yield made
    made.journal.close()


def erase(stores: Stores) -> None:
    stores.act("rating_erased", {"author": "a", "rating_id": TARGET, "reason": "r"})
    stores.fold()


def traces(stores: Stores, before: list[bytes]) -> int:
    """How much of it can be found: words, and pieces of what sealed them."""
    gone = set(before) - set(forgetting.sealed(stores, "1"))
    content = forgetting.raw(stores.paths.data_dir)
    words = content.count(SECRET.encode())
    return (
        words
        + forgetting.told(stores).count(SECRET.encode())
        + forgetting.left(content, sorted(gone))
    )


def finished(stores: Stores, before: list[bytes]) -> None:
    assert traces(stores, before) == 0
    assert stores.failed() == []
    names = [finding.name for finding in stores.findings()]
    assert "redactions" in names


def test_nothing_is_left_on_disk(stores: Stores) -> None:
    before = forgetting.sealed(stores, "1")
    assert traces(stores, before) > 0
    erase(stores)
    forgetting.start(stores)
    finished(stores, before)
    (checkpoint,) = stores.paths.checkpoints.glob("*")
    (erased,) = stores.ask("SELECT max(block) FROM erasure")
    assert int(checkpoint.stem) >= int(str(erased[0]))


@pytest.mark.parametrize(
    "point",
    [
        "fold.before_commit",
        "fold.after_commit",
        "redact.before_commit",
        "redact.after_commit",
        "redact.after_log",
        "erase.before_log",
        "erase.after_log",
        "checkpoint.before_name",
        "erase.before_checkpoints",
    ],
)
def test_what_was_cut_short_the_next_start_finishes(stores: Stores, point: str) -> None:
    before = forgetting.sealed(stores, "1")

    def work() -> None:
        erase(stores)
        forgetting.start(stores)

    assert forgetting.dies_at(point, work)
    stores.journal.clock.advance(60_000)
    stores.fold()
    forgetting.start(stores)
    finished(stores, before)


def _nothing(*_: object, **__: object) -> bool:
    return True


MUTANTS: dict[str, tuple[type, str, Callable[..., object]]] = {
    "the journal's bodies": (SqliteJournal, "redact", lambda *_: None),
    "the quarantine": (Queues, "redact", _nothing),
    "repetitions": (Copies, "repeated", _nothing),
    "older checkpoints": (Checkpoints, "drop_older_than", _nothing),
}


@pytest.mark.parametrize("place", MUTANTS)
def test_each_place_matters(
    stores: Stores, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a gateway leaves behind that forgets one of the places."""
    if place == "repetitions":
        stores.alter("DELETE FROM personal_copy")
    owner, name, mutant = MUTANTS[place]
    monkeypatch.setattr(owner, name, mutant)
    before = forgetting.sealed(stores, "1")
    erase(stores)
    forgetting.start(stores)
    assert traces(stores, before) > 0, place


def test_without_another_look_the_logs_would_tell(stores: Stores) -> None:
    """While somebody reads, no engine empties its log by itself."""
    before = forgetting.sealed(stores, "1")
    readers = [
        apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        for path in (stores.paths.journal, stores.paths.ledger)
    ]
    for reader in readers:
        reader.execute("SELECT * FROM sqlite_schema").fetchall()
    erase(stores)
    opened = stores.journal.open().journal
    erasures = Redactor(stores.paths, opened)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteJournal, "forget_log", lambda _: False)
        assert erasures.step() is not None
    assert not erasures.done
    for path in (stores.paths.journal, stores.paths.ledger):
        log = path.with_name(f"{path.name}-wal").read_bytes()
        pages = forgetting.left(log + path.read_bytes(), before[5:8])
        assert pages or SECRET.encode() in path.read_bytes(), path
    stores.journal.close()
    forgetting.start(stores)
    for reader in readers:
        reader.close()
    forgetting.start(stores)
    finished(stores, before)


def test_a_body_that_nobody_tells_of_is_found(stores: Stores) -> None:
    erase(stores)
    forgetting.start(stores)
    stores.journal.sql("UPDATE redaction SET told = told - 1")
    assert [name for name, _ in stores.failed()] == ["redactions"]


def test_a_body_put_back_is_found(stores: Stores) -> None:
    numbers = stores.ask("SELECT place FROM personal WHERE rating_id LIKE 'dev-9%'")
    bodies = forgetting.sealed(stores, "0")
    row = bodies[Place.unpack(int(str(numbers[0][0]))).block - 1]
    erase(stores)
    forgetting.start(stores)
    stores.journal.sql(
        "UPDATE block SET body = x'" + row.hex() + "' WHERE number = ("
        "SELECT min(block) FROM redaction)"
    )
    assert "chain" in [name for name, _ in stores.failed()]
