"""The gateway's processes, as the kernel knows them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from gateway.observability.processes import (
    RoleProcesses,
    read_process,
    role_processes,
)


def test_a_living_process_has_its_pid_its_size_and_its_time(tmp_path: Path) -> None:
    (tmp_path / "ingest.pid").write_text(f"{os.getpid()}\n")
    (found,) = role_processes(tmp_path)
    assert (found.role, found.pid) == ("ingest", os.getpid())
    assert found.rss_bytes > 1_000_000
    assert found.cpu_s > 0
    assert not found.halted


def test_a_role_that_is_down_or_torn_is_left_out(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / "process.pid").write_text(f"{gone.pid}\n")
    (tmp_path / "deliver.pid").write_text("")
    assert list(role_processes(tmp_path)) == []


def test_a_process_that_nobody_has_reaped_does_not_run() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert read_process("ingest", child.pid) is None
    child.wait()


def test_a_halted_process_is_told_from_a_running_one() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    child.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED)
    found = read_process("ingest", child.pid)
    child.kill()
    child.communicate()
    assert found is not None
    assert found.halted


def test_they_are_exported_by_role(tmp_path: Path) -> None:
    (tmp_path / "ingest.pid").write_text(f"{os.getpid()}\n")
    registry = CollectorRegistry()
    registry.register(RoleProcesses(tmp_path))
    text = generate_latest(registry).decode()
    assert f'evalgate_role_pid{{role="ingest"}} {float(os.getpid())}' in text
    assert 'evalgate_role_resident_bytes{role="ingest"}' in text
    assert 'evalgate_role_cpu_seconds_total{role="ingest"}' in text
