"""Killed while the stores are kept, or written for others: nothing is lost by it.

These crash points are rare under load; the trials of `tests/safety` meet the others.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import recovery
from gateway.app.backup import backups_in
from gateway.app.journal import open_own_journal
from gateway.clock import SystemClock
from gateway.crashpoints import VARIABLE
from gateway.errors import PermanentError, TransientError
from gateway.ipc.submission import submit_once
from gateway.ports import Record, RecordKind
from tests.support import keeping
from tests.support.journals import KEYRING
from tests.support.stores import Stores


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path)
    made.start()
    made.rate(20, blocks=5)
    made.fold()
    yield made
    made.journal.close()


def killed(stores: Stores, what: str, point: str) -> None:
    root = stores.config.parent
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.keeping", str(root), what],
        env={**os.environ, VARIABLE: point},
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL


def test_a_checkpoint_broken_off_counts_for_nothing(stores: Stores) -> None:
    killed(stores, "checkpoint", "checkpoint.before_name")
    assert [path.name for path in stores.paths.checkpoints.iterdir()] == ["unfinished"]
    assert stores.failed() == []
    assert stores.checkpoint().file == "7.db"
    assert [path.name for path in stores.paths.checkpoints.iterdir()] == ["7.db"]
    assert stores.failed() == []


@pytest.mark.parametrize(("point", "oldest"), [("prune.before", 1), ("prune.after", 5)])
def test_a_prune_is_whole_or_did_not_happen(
    stores: Stores, point: str, oldest: int
) -> None:
    stores.checkpoint()
    killed(stores, "5", point)
    assert stores.journal.read()[0].header.number == oldest
    assert stores.failed() == []
    stores.rate(3)
    stores.fold()
    assert stores.failed() == []


def test_a_backup_broken_off_is_none_and_the_next_one_is_whole(stores: Stores) -> None:
    root = stores.config.parent
    recovery.export(stores.paths.keyring, root / "recovery.key")
    killed(stores, "backup", "backup.before_name")
    assert backups_in(root / "backups", "evalgate") == []
    assert (root / "backups" / "unfinished" / "backup.json").exists()
    keeping.main(root, "backup")
    assert len(backups_in(root / "backups", "evalgate")) == 1
    assert not (root / "backups" / "unfinished").exists()
    assert stores.failed() == []


def test_a_restore_broken_off_is_no_gateway_and_is_done_again(stores: Stores) -> None:
    root, paths = stores.config.parent, stores.paths
    recovery.export(paths.keyring, root / "recovery.key")
    keeping.main(root, "backup")
    stores.journal.close()
    shutil.rmtree(paths.data_dir)
    killed(stores, "restore", "restore.before_journal")
    assert paths.ledger.exists()
    assert not paths.journal.exists()
    with pytest.raises(PermanentError, match="`evalgate restore` again"):
        open_own_journal(paths, KEYRING, SystemClock())
    keeping.main(root, "restore")
    assert not paths.restoring.exists()
    stores.fold()
    assert stores.failed() == []
    assert stores.ask("SELECT COUNT(*) FROM rating") == [(100,)]
    assert stores.ask("SELECT COUNT(*) FROM alert WHERE cause = 'restored'") == [(1,)]


def test_an_act_appended_but_not_answered_is_done_once_when_it_is_repeated(
    stores: Stores,
) -> None:
    """Whoever asked knows nothing then; the same key makes the repeat harmless."""
    with pytest.raises(TransientError):
        retire(stores, "submit.after_append")
    retire(stores, "")
    stores.fold()
    outcomes = stores.ask("SELECT outcome FROM act WHERE name = 'device_retired'")
    done, repeated = (json.loads(str(outcome)) for (outcome,) in outcomes)
    assert done["lifecycle"] == "retired"
    assert repeated["repeated"] is True
    assert stores.failed() == []


def retire(stores: Stores, crash_point: str) -> None:
    """Ask an intake that may be killed, always under the same key."""
    root = stores.config.parent
    body = b'{"device_id":"dev-1","author":"a","idempotency_key":"k-1"}'
    record = Record(RecordKind.ACT.value, "device_retired", body, 1_795_000_000_000)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.submitting", str(root)],
        env={**os.environ, VARIABLE: crash_point},
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"taking\n"
        submit_once(root / "ingest.sock", [record])
    finally:
        child.kill()
        child.communicate(timeout=30)
