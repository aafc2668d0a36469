"""kill -9 takes nothing that append had returned."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.journal.opening import open_journal
from gateway.journal.sqlite import SqliteJournalReader
from gateway.sealing import open_keyring

ROOT = Path(__file__).parents[2]
BLOCKS = 2_000


def start(directory: Path, crash_point: str = "") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.appending", str(directory), str(BLOCKS)],
        cwd=ROOT,
        env={**os.environ, "EVALGATE_CRASH_POINT": crash_point},
        stdout=subprocess.PIPE,
        text=True,
    )


def found(directory: Path) -> list[str]:
    """`number chain` of every block after the journal was opened again."""
    keyring = open_keyring(directory / "keyring")
    opened = open_journal(directory / "journal.db", keyring, SystemClock())
    assert (opened.gap, opened.damages) == (None, [])
    reader = SqliteJournalReader.open(directory / "journal.db", keyring)
    blocks = reader.blocks(0, BLOCKS)
    reader.close()
    opened.journal.close()
    assert all(block.records for block in blocks)
    return [f"{block.header.number} {block.header.chain.hex()}" for block in blocks]


@pytest.mark.parametrize(
    ("crash_point", "returned", "durable"),
    [("append.before:5", 4, 4), ("append.after:5", 4, 5)],
)
def test_a_kill_around_append_keeps_what_was_returned(
    tmp_path: Path, crash_point: str, returned: int, durable: int
) -> None:
    child = start(tmp_path, crash_point)
    output, _ = child.communicate(timeout=30)
    assert child.returncode == -signal.SIGKILL
    lines = output.splitlines()
    blocks = found(tmp_path)
    assert len(lines) == returned
    assert len(blocks) == durable
    assert blocks[:returned] == lines


def test_a_kill_in_full_flight_keeps_what_was_returned(tmp_path: Path) -> None:
    for kill_after in (3, 17, 40):
        child = start(tmp_path)
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(kill_after)]
        child.kill()
        lines += child.communicate(timeout=30)[0].splitlines(keepends=True)
        whole = [line.strip() for line in lines if line.endswith("\n")]
        assert set(whole) <= set(found(tmp_path))
