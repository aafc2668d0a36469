"""The role ingest with a real broker, and with real or obedient journals."""

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clock import SteppedClock, SystemClock
from gateway.ingress.writing import EXIT_JOURNAL_BROKEN
from gateway.ipc.doorbell import Doorbell, ring
from gateway.ipc.submission import SubmissionClient
from gateway.journal.opening import open_journal
from gateway.journal.sqlite import SqliteJournal, SqliteJournalReader
from gateway.ports import Record, RecordFlag, RecordKind
from gateway.sealing import Keyring, open_keyring
from simulators.services import Mosquitto
from tests.support.broker import feed
from tests.support.ingesting import ingest_options, ingesting
from tests.support.intake import ObedientJournal
from tests.support.listening import link_options, linked, until

pytestmark = pytest.mark.service

TOPIC = "evaluators/v1/d1/rating"


def messages(count: int) -> list[tuple[str, bytes]]:
    return [(f"evaluators/v1/d{n % 50}/rating", b"%d" % n) for n in range(count)]


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return open_keyring(tmp_path / "keyring")


@pytest.fixture
def journal(tmp_path: Path, keyring: Keyring) -> Iterator[SqliteJournal]:
    opened = open_journal(tmp_path / "journal.db", keyring, SystemClock()).journal
    yield opened
    opened.close()


def records(journal: SqliteJournal, tmp_path: Path, keyring: Keyring) -> list[Record]:
    assert journal.head is not None
    reader = SqliteJournalReader.open(tmp_path / "journal.db", keyring)
    blocks = reader.blocks(0, journal.head.number)
    return [record for block in blocks for record in block.records or []]


def received(journal: SqliteJournal) -> int:
    return journal.head.first_message + journal.head.messages if journal.head else 0


async def left_at(broker: Mosquitto) -> list[bytes]:
    """What the broker still holds for us: payloads, by another connection of ours."""
    async with linked(link_options(broker.port)) as (link, listener):
        link.barrier()
        await until(lambda: bool(listener.passed))
        return listener.payloads


async def test_twenty_thousand_messages_are_in_the_journal_once_and_acknowledged(
    mosquitto: Mosquitto, tmp_path: Path, journal: SqliteJournal, keyring: Keyring
) -> None:
    async with ingesting(ingest_options(tmp_path), journal, mosquitto.port):
        await until(lambda: mosquitto.subscribed("evaluators/v1/+/rating") == 1)
        await asyncio.to_thread(feed, mosquitto.port, messages(20_000))
        await until(lambda: received(journal) == 20_000)
    payloads = [
        record.payload
        for record in records(journal, tmp_path, keyring)
        if record.kind == RecordKind.MESSAGE
    ]
    assert sorted(map(int, payloads)) == list(range(20_000))
    assert await left_at(mosquitto) == []


async def test_nothing_is_acknowledged_while_the_journal_does_not_return(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    stuck = ObedientJournal(SteppedClock())
    options = ingest_options(tmp_path, drain_timeout_ms=100, gate_timeout_ms=0)
    async with ingesting(options, stuck, mosquitto.port):
        await until(lambda: mosquitto.subscribed("evaluators/v1/+/rating") == 1)
        await until(lambda: "link_drained" in stuck.topics)
        stuck.gate.clear()
        await asyncio.to_thread(feed, mosquitto.port, messages(100))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(mosquitto.stop)  # with what it knows as acknowledged
        stuck.gate.set()
    await asyncio.to_thread(mosquitto.start)
    assert await left_at(mosquitto) == [b"%d" % n for n in range(100)]


async def test_the_journal_tells_the_links_life_and_the_backlog(
    mosquitto: Mosquitto, tmp_path: Path, journal: SqliteJournal, keyring: Keyring
) -> None:
    options = ingest_options(tmp_path)
    async with ingesting(options, journal, mosquitto.port):
        await until(lambda: mosquitto.subscribed("evaluators/v1/+/rating") == 1)
    await asyncio.to_thread(feed, mosquitto.port, messages(5000))
    async with ingesting(options, journal, mosquitto.port):
        await until(lambda: received(journal) == 5000)
        await until(
            lambda: (
                "link_drained"
                in [r.topic for r in records(journal, tmp_path, keyring)][-3:]
            )
        )
        await asyncio.to_thread(feed, mosquitto.port, [(TOPIC, b"live")])
        await until(lambda: received(journal) == 5001)
    kept = records(journal, tmp_path, keyring)
    acts = [record.topic for record in kept if record.kind == RecordKind.ACT]
    assert [act for act in acts if act != "link_drained"] == [
        *("intake_resumed", "link_up", "link_down"),
        *("intake_resumed", "link_up", "link_down"),
    ]
    rated = [record for record in kept if record.kind == RecordKind.MESSAGE]
    assert {record.flags for record in rated[:5000]} == {RecordFlag.BACKLOG}
    assert rated[5000].flags == 0
    assert rated[5000].payload == b"live"


async def test_a_lost_session_is_recorded_even_by_a_new_process(
    mosquitto: Mosquitto, tmp_path: Path, journal: SqliteJournal, keyring: Keyring
) -> None:
    options = ingest_options(tmp_path)
    async with ingesting(options, journal, mosquitto.port):
        await until(lambda: mosquitto.subscribed("evaluators/v1/+/rating") == 1)
    await asyncio.to_thread(mosquitto.stop)
    (mosquitto.directory / "mosquitto.db").unlink()
    await asyncio.to_thread(mosquitto.start)
    async with ingesting(options, journal, mosquitto.port):
        await until(lambda: mosquitto.subscribed("evaluators/v1/+/rating") == 2)
    acts = [record.topic for record in records(journal, tmp_path, keyring)]
    assert acts.count("session_lost") == 1


async def test_submissions_and_ticks_go_through_the_run_directory(
    mosquitto: Mosquitto, tmp_path: Path, journal: SqliteJournal
) -> None:
    options = ingest_options(tmp_path)
    run_dir = options.run_dir
    with Doorbell(run_dir / "process.bell") as bell:
        async with ingesting(options, journal, mosquitto.port):
            await until((run_dir / "ingest.ready").exists)
            client = SubmissionClient(run_dir / "ingest.sock")
            act = Record(RecordKind.ACT, "device_approved", b"{}", 0)
            generation, block, _ = await client.submit([act])
            assert generation == 1
            assert journal.head is not None
            assert block <= journal.head.number
            assert await bell.wait(30.0)
            at_ms = SystemClock().wall_ms() + 50
            ring(run_dir / "ingest.bell", b"%d" % at_ms)
            await until(lambda: ticked(journal, at_ms))
            await client.close()
            await until((run_dir / "ingest.prom").exists)
    assert not (run_dir / "ingest.ready").exists()
    assert not (run_dir / "ingest.sock").exists()


def ticked(journal: SqliteJournal, at_ms: int) -> bool:
    return (
        journal.head is not None
        and journal.head.records == 0
        and journal.head.appended_ms >= at_ms
    )


async def test_the_link_waits_for_the_settings_in_force(
    mosquitto: Mosquitto, tmp_path: Path, journal: SqliteJournal
) -> None:
    options = ingest_options(tmp_path)
    applied = options.run_dir / "applied.digest"
    applied.write_text("older", "ascii")
    async with ingesting(options, journal, mosquitto.port):
        await until((options.run_dir / "ingest.ready").exists)
        await asyncio.sleep(0.3)
        assert mosquitto.subscribed("evaluators/v1/+/rating") == 0
        applied.write_text(options.settings_digest, "ascii")
        await until(lambda: mosquitto.subscribed("evaluators/v1/+/rating") == 1)


async def test_a_used_journal_does_not_wait_for_ever(
    mosquitto: Mosquitto, tmp_path: Path, journal: SqliteJournal, keyring: Keyring
) -> None:
    journal.append([])
    options = ingest_options(tmp_path, gate_timeout_ms=100)
    (options.run_dir / "applied.digest").unlink()
    async with ingesting(options, journal, mosquitto.port):
        await until(lambda: mosquitto.subscribed("evaluators/v1/+/rating") == 1)
    acts = [record.topic for record in records(journal, tmp_path, keyring)]
    assert acts[:3] == ["intake_resumed", "settings_gate_expired", "link_up"]


BROKEN = """
    import asyncio, sys
    from pathlib import Path
    from gateway.clock import SteppedClock, SystemClock
    from gateway.errors import JournalBrokenError
    from gateway.ingress.role import run_ingest
    from tests.support.ingesting import ingest_options, link_to
    from tests.support.intake import ObedientJournal

    class Breaking(ObedientJournal):
        def append(self, records):
            if any(record.kind == 0 for record in records):
                raise JournalBrokenError("fsync: EIO")
            return super().append(records)

    async def main():
        directory, port = Path(sys.argv[1]), int(sys.argv[2])
        await run_ingest(
            ingest_options(directory), Breaking(SteppedClock()), link_to(port),
            asyncio.Event(), clock=SystemClock(),
        )

    asyncio.run(main())
"""


async def test_a_failed_fsync_ends_the_process_and_nothing_is_acknowledged(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(BROKEN),
        str(tmp_path),
        str(mosquitto.port),
        stdout=subprocess.DEVNULL,
    )
    try:
        await until(lambda: mosquitto.subscribed("evaluators/v1/+/rating") == 1)
        await asyncio.to_thread(feed, mosquitto.port, messages(10))
        async with asyncio.timeout(30.0):
            assert await process.wait() == EXIT_JOURNAL_BROKEN
    finally:
        if process.returncode is None:
            process.kill()
    assert await left_at(mosquitto) == [b"%d" % n for n in range(10)]
