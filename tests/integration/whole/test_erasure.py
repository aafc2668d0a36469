"""A customer asks to be forgotten: the whole data directory, byte by byte."""

import json
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.journal.sqlite import SqliteJournalReader
from gateway.redaction import REDACTED, opened
from gateway.sealing import open_keyring
from tests.support.broker import feed
from tests.support.whole import Whole, eventually

SECRET = "S3CRET-13800138000"
BODY = {
    "v": 1,
    "event_id": "event-0001",
    "level": 1,
    "comment": f"call {SECRET}",
    "contact": {"kind": "phone", "value": SECRET},
}
CONFLICT = BODY | {"level": 2, "comment": f"again {SECRET}"}
TARGET = "dev-1:event-0001"


def files(whole: Whole) -> list[Path]:
    return [path for path in whole.data_dir.rglob("*") if path.is_file()]


def sealed_bodies(whole: Whole) -> list[bytes]:
    """The bodies of the journal as they stand on disk."""
    reader = apsw.Connection(
        str(whole.data_dir / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY
    )
    bodies = [body for (body,) in reader.execute("SELECT body FROM block")]
    reader.close()
    return bodies


def said(whole: Whole) -> bytes:
    """All bytes of all files, and all that the journal's bodies and seals hide."""
    keyring = open_keyring(whole.directory / "keyring")
    parts = [path.read_bytes() for path in files(whole)]
    reader = SqliteJournalReader.open(whole.data_dir / "journal.db", keyring)
    for _, records in reader.blocks(0, 10_000):
        assert records is not None
        for record in records:
            kept = opened(record).payload if record.flags & REDACTED else b""
            parts += [record.payload, kept]
    reader.close()
    ledger = apsw.Connection(
        str(whole.data_dir / "ledger.db"), flags=apsw.SQLITE_OPEN_READONLY
    )
    for own, key_id, sealed in ledger.execute(
        "SELECT rating_id, key_id, sealed FROM personal WHERE sealed IS NOT NULL"
    ):
        parts.append(keyring.open(key_id, sealed, own.encode()))
    ledger.close()
    return b"\0".join(parts)


def publish(whole: Whole, *bodies: object) -> None:
    feed(
        whole.services.broker_port,
        [("evaluators/v1/dev-1/rating", json.dumps(body).encode()) for body in bodies],
    )


@pytest.fixture(scope="module")
def running(gateway: Whole) -> Iterator[Whole]:
    gateway.start()
    yield gateway
    gateway.stop()


def settled(whole: Whole, fate: str, count: int) -> None:
    eventually(lambda: whole.ask("pipeline")[fate] >= count, f"{count} {fate}")


def test_what_a_customer_said_is_gone_from_every_byte(running: Whole) -> None:
    publish(running, BODY, BODY, CONFLICT)
    settled(running, "conflict", 1)
    settled(running, "duplicate", 1)
    before = running.ask("pipeline")
    assert SECRET.encode() in said(running)
    old = sealed_bodies(running)
    done = running.cli("erase", TARGET, "--reason", "asked", "--json")
    assert done.code == 0, done.err
    outcome = json.loads(done.out)["outcome"]
    assert outcome == {"rating_id": TARGET, "erased": 1, "records": 3, "pending": 0}
    eventually(lambda: SECRET.encode() not in said(running), "forgotten")
    gone = [one for one in old if one not in sealed_bodies(running)]
    assert gone
    raw = b"\0".join(path.read_bytes() for path in files(running))
    for body in gone:
        chunks = [body[at : at + 16] for at in range(0, len(body) - 16, 16)]
        assert not [one for one in chunks if one in raw]
    for fate in ("accepted", "duplicate", "conflict"):
        assert running.ask("pipeline")[fate] == before[fate]
    assert running.ask(f"ratings/{TARGET}/contact")["erased"]


def test_a_repetition_stays_a_duplicate_and_brings_nothing_back(running: Whole) -> None:
    publish(running, BODY, CONFLICT)
    settled(running, "duplicate", 2)
    settled(running, "conflict", 2)
    eventually(lambda: SECRET.encode() not in said(running), "forgotten again")


def test_the_proof_agrees(running: Whole) -> None:
    done = running.cli("verify")
    assert done.code == 0, done.out + done.err
