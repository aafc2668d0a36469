"""The demo as a newcomer runs it, from the first process to the last."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.cli.demo import ending

_DEADLINE_S = 60.0
_STOP_S = 5.0
_WAITS = {"_FAULTS_S", "_SETTLE_S", "_GATEWAY_S", "_REST_S"}
_PATIENT = f"import gateway.cli.demo.ending as it; it._SETTLE_S = {_DEADLINE_S}; "
_POLL_S = 0.05
_DEMO = "from gateway.cli.main import main; sys.exit(main(['demo', *sys.argv[1:]]))"
_WITHOUT_MOSQUITTO = (
    "import gateway.cli.demo.commands as it; it.mosquitto = lambda: None; "
)
_COUNTS = re.compile(
    r"(\d+) pressed = (\d+) kept in the ledger"
    r" = (\d+) delivered to InfluxDB = (\d+) delivered to backend"
)


@dataclass
class Demo:
    """A demo under way, its temporary directory in `home`."""

    process: subprocess.Popen[bytes]
    home: Path
    out: Path

    def printed(self) -> str:
        return self.out.read_text("utf-8", errors="replace")

    def directory(self) -> Path:
        (found,) = self.home.glob("evalgate-demo-*")
        return found

    def pid(self, role: str) -> int:
        path = self.directory() / "data" / "run" / f"{role}.pid"
        return int(path.read_text("ascii"))

    def eventually(self, check: Callable[[], object], what: str) -> None:
        give_up_s = time.monotonic() + _DEADLINE_S
        while not check():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < give_up_s, f"{what}: {self.printed()}"
            time.sleep(_POLL_S)

    def delivered(self, count: int) -> bool:
        """Whether so many ratings have come as far as the backend."""
        found = re.findall(r"backend (\d+)", self.printed())
        return bool(found) and int(found[-1]) >= count

    def end(self) -> int:
        """Its exit code."""
        return self.process.wait(_DEADLINE_S)

    def left_over(self) -> list[str]:
        """Processes that name its directory, and files in it."""
        found = [str(path) for path in self.home.glob("evalgate-demo-*")]
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes()
            except OSError:
                continue
            if str(self.home).encode() in words:
                found.append(words.replace(b"\0", b" ").decode())
        return found


Start = Callable[..., Demo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Demo] = []
    home = tmp_path / "home"
    home.mkdir()

    def begin(
        *options: str, before: str = "", out: int | None = None, **env: str
    ) -> Demo:
        path = tmp_path / "out"
        program = f"import sys; {before}{_DEMO}"
        with path.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", program, *options],
                stdin=subprocess.DEVNULL,
                stdout=out if out is not None else file,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": str(home), **env},
            )
        demo = Demo(process, home, path)
        started.append(demo)
        return demo

    yield begin
    for demo in started:
        demo.process.kill()  # its children go with it
        demo.process.wait()


def counts(text: str) -> set[int]:
    """The four counts of the summary, which says that they are equal."""
    found = _COUNTS.search(text)
    assert found is not None, text
    return set(map(int, found.groups()))


def read_to_the_end(terminal: int) -> bytes:
    """What was written to it until its other end is closed."""
    seen = bytearray()
    with os.fdopen(terminal, "rb", buffering=0) as file:
        while True:
            try:
                seen += file.read(65536)
            except OSError:  # how a terminal says that nobody is there any more
                return bytes(seen)


@pytest.mark.service
def test_a_role_killed_another_halted_and_after_ctrl_c_all_counts_are_equal(
    start: Start,
) -> None:
    """How long the end may take is told below; here a stalled machine may take more."""
    demo = start("--terminals", "8", before=_PATIENT)
    demo.eventually(lambda: demo.delivered(1), "a first rating on screen")
    killed = demo.pid("process")
    os.kill(killed, signal.SIGKILL)
    demo.eventually(lambda: "process is back" in demo.printed(), "role restarted")
    assert f"process (pid {killed}) is gone" in demo.printed()
    os.kill(demo.pid("deliver"), signal.SIGSTOP)
    demo.eventually(lambda: "is halted" in demo.printed(), "something owed")
    demo.process.send_signal(signal.SIGINT)
    assert demo.end() == 0, demo.printed()
    (count,) = counts(demo.printed())
    assert count > 0
    assert demo.left_over() == []


def test_what_ctrl_c_waits_for_is_given_up_within_five_seconds() -> None:
    waits_s = [value for name, value in vars(ending).items() if name in _WAITS]
    assert len(waits_s) == len(_WAITS)
    assert sum(waits_s) < _STOP_S


def test_without_mosquitto_on_a_terminal_it_draws_and_clears_the_screen(
    start: Start,
) -> None:
    ours, theirs = pty.openpty()
    demo = start(
        *("--seconds", "2"),
        before=_PATIENT + _WITHOUT_MOSQUITTO,
        out=theirs,
        TERM="xterm",
        COLUMNS="120",
        LINES="60",
    )
    os.close(theirs)
    picture, _, after = read_to_the_end(ours).partition(b"\x1b[?1049l")
    assert demo.end() == 0
    assert b"who presses what" in picture
    assert b"pretend broker" in picture
    assert b"kill -9" in picture
    assert len(counts(after.decode())) == 1
    assert demo.left_over() == []


def test_a_service_that_does_not_start_is_one_line_and_leaves_nothing(
    start: Start,
) -> None:
    broken = (
        "import gateway.cli.demo.commands as it; it.mosquitto = lambda: '/bin/false'; "
    )
    demo = start("--seconds", "1", before=broken)
    assert demo.end() == 1
    assert demo.printed().splitlines()[-1].startswith("evalgate: broker ended: ")
    assert demo.left_over() == []
