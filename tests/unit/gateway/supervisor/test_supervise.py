"""Real small children under the real supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
DEADLINE_S = 60.0

# A role ties itself to its supervisor, says what it hears, ends when told.
SUPERVISOR = """
import os, signal, sys, pathlib, time
from gateway.errors import StoreBusyError
from gateway.observability.logging import configure_logging
from gateway.supervisor import Limits, Role, supervise, tie_to_parent, wait_for_ingest
folder = pathlib.Path(sys.argv[1])
def enter(role, parent):
    told = []
    def note(text):
        with (folder / "heard").open("a") as file:
            file.write(f"{role} {text}\\n")
    def stop(*_):
        note("TERM")
        told.append(True)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if role == DEAF else stop)
    signal.signal(signal.SIGHUP, lambda *_: note("HUP"))
    tie_to_parent(parent)
    while role == SLOW and not all(
        (folder / "data" / "run" / f"{other}.pid").exists() for other in Role
    ):
        time.sleep(0.01)
    if role == "ingest":
        note("up " + os.environ.get("EVALGATE_CRASH_POINT", "-"))
        (folder / "data" / "run" / "ingest.ready").touch()
    else:
        wait_for_ingest(folder / "data")
        note("up " + os.environ.get("EVALGATE_CRASH_POINT", "-"))
    while not told:
        signal.pause()
    return 0
def reload():
    changed = folder / "changed"
    if (folder / "broken").exists():
        return None
    return changed.read_text().split() if changed.exists() else ()
configure_logging("info", "supervisor")
try:
    supervise(
        folder / "data",
        enter,
        reload,
        Limits(
            restart_base_ms=20,
            restart_cap_ms=50,
            stop_timeout_ms=STOP_MS,
            console_delay_ms=0,
        ),
    )
except StoreBusyError:
    sys.exit(3)
"""


class World:
    """A supervisor at work in `folder`."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process

    def heard(self) -> list[str]:
        path = self.folder / "heard"
        return path.read_text().splitlines() if path.exists() else []

    def pid(self, role: str) -> int:
        return int((self.folder / "data" / "run" / f"{role}.pid").read_text())

    def until(self, condition: Callable[[], bool]) -> None:
        give_up = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < give_up, self.heard()
            time.sleep(0.01)

    def until_up(self, times: int = 4) -> None:
        self.until(lambda: sum(" up " in line for line in self.heard()) >= times)


@contextmanager
def world(
    folder: Path,
    *,
    deaf: str = "",
    slow: str = "",
    stop_ms: int = 10_000,
    crash_point: str = "",
) -> Iterator[World]:
    supervisor = SUPERVISOR.replace("STOP_MS", str(stop_ms))
    supervisor = supervisor.replace("DEAF", repr(deaf)).replace("SLOW", repr(slow))
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    if crash_point:
        environ["EVALGATE_CRASH_POINT"] = crash_point
    with subprocess.Popen(
        [sys.executable, "-c", supervisor, folder],
        env=environ,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield World(folder, process)
        finally:
            process.kill()


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as it:
        it.until_up()
        yield it


def test_a_file_left_by_a_killed_ingest_does_not_let_the_others_begin(
    tmp_path: Path,
) -> None:
    (tmp_path / "data" / "run").mkdir(parents=True)
    (tmp_path / "data" / "run" / "ingest.ready").touch()
    with world(tmp_path, slow="ingest") as it:
        it.until_up()
        assert it.heard()[0] == "ingest up -"


def test_a_stop_goes_along_the_data_path_and_leaves_no_pid_files(
    running: World,
) -> None:
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(DEADLINE_S) == 0
    stops = [line.split()[0] for line in running.heard() if line.endswith("TERM")]
    assert stops == ["ingest", "process", "deliver", "console"]
    assert list((running.folder / "data" / "run").glob("*.pid")) == []


def test_a_killed_role_comes_back_alone(running: World) -> None:
    before = {role: running.pid(role) for role in ("ingest", "process", "deliver")}
    os.kill(before["process"], signal.SIGKILL)
    running.until_up(5)
    assert running.pid("process") != before["process"]
    assert running.pid("ingest") == before["ingest"]
    assert running.pid("deliver") == before["deliver"]


def test_the_roles_end_with_a_killed_supervisor(running: World) -> None:
    pids = [running.pid(role) for role in ("ingest", "process", "deliver", "console")]
    running.process.kill()
    running.process.wait(DEADLINE_S)
    running.until(lambda: not any(alive(pid) for pid in pids))


def test_a_second_supervisor_is_turned_away(running: World) -> None:
    with world(running.folder) as second:
        assert second.process.wait(DEADLINE_S) == 3


def test_a_reload_reaches_the_roles_unless_the_configuration_is_broken(
    running: World,
) -> None:
    (running.folder / "broken").touch()
    running.process.send_signal(signal.SIGHUP)
    os.kill(running.pid("deliver"), signal.SIGKILL)
    running.until_up(5)  # the supervisor has read its signals by now
    assert not any(line.endswith("HUP") for line in running.heard())
    (running.folder / "broken").unlink()
    running.process.send_signal(signal.SIGHUP)
    running.until(lambda: sum(line.endswith("HUP") for line in running.heard()) == 4)


def test_a_role_whose_settings_changed_starts_afresh_and_the_others_are_told(
    running: World,
) -> None:
    before = running.pid("deliver")
    (running.folder / "changed").write_text("deliver")
    running.process.send_signal(signal.SIGHUP)
    running.until_up(5)
    assert running.pid("deliver") != before
    assert "deliver TERM" in running.heard()
    running.until(lambda: sum(line.endswith("HUP") for line in running.heard()) == 3)
    assert "deliver HUP" not in running.heard()


def test_who_ignores_the_stop_is_killed_at_the_deadline(tmp_path: Path) -> None:
    with world(tmp_path, deaf="process", stop_ms=300) as it:
        it.until_up()
        deaf = it.pid("process")
        it.process.send_signal(signal.SIGTERM)
        assert it.process.wait(DEADLINE_S) == 0
        assert not alive(deaf)


def test_a_restarted_role_does_not_crash_again_at_the_tests_point(
    tmp_path: Path,
) -> None:
    with world(tmp_path, crash_point="append.after") as it:
        it.until_up()
        os.kill(it.pid("deliver"), signal.SIGKILL)
        it.until_up(5)
        ups = [line for line in it.heard() if line.startswith("deliver up")]
        assert ups == ["deliver up append.after", "deliver up -"]
