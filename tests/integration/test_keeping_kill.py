"""Killed while a checkpoint is taken or the journal pruned: nothing is lost by it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.crashpoints import VARIABLE
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
