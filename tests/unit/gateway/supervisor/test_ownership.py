"""One gateway to a data directory."""

import os
import stat
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from gateway.errors import StoreBusyError
from gateway.supervisor.ownership import (
    directory_lock,
    pid_file,
    prepare,
    role_lock,
    run_dir,
)
from gateway.supervisor.roles import Role


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    prepare(tmp_path / "data")
    return tmp_path / "data"


def test_the_directory_is_for_our_eyes_only(data_dir: Path) -> None:
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


def assert_refused(lock: AbstractContextManager[None]) -> None:
    with pytest.raises(StoreBusyError, match=f"held by process {os.getpid()}"), lock:
        raise AssertionError


def test_a_second_supervisor_is_refused_and_told_who_holds_it(data_dir: Path) -> None:
    with directory_lock(data_dir):
        assert_refused(directory_lock(data_dir))
    with directory_lock(data_dir):
        pass


def test_roles_by_hand_share_the_directory_but_keep_a_supervisor_out(
    data_dir: Path,
) -> None:
    with directory_lock(data_dir, shared=True), directory_lock(data_dir, shared=True):
        assert_refused(directory_lock(data_dir))


def test_a_supervisor_keeps_roles_by_hand_out(data_dir: Path) -> None:
    with directory_lock(data_dir):
        assert_refused(directory_lock(data_dir, shared=True))


def test_each_role_runs_once(data_dir: Path) -> None:
    with role_lock(data_dir, Role.INGEST):
        assert_refused(role_lock(data_dir, Role.INGEST, wait_s=0))
        with role_lock(data_dir, Role.PROCESS, wait_s=0):
            pass


def test_the_pid_stands_in_a_file_as_long_as_the_process_runs(data_dir: Path) -> None:
    path = run_dir(data_dir) / "ingest.pid"
    with pid_file(data_dir, Role.INGEST):
        assert path.read_text() == f"{os.getpid()}\n"
    assert not path.exists()
