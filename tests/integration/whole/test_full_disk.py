"""The data directory's disk is full: nothing is acknowledged, nothing is lost."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from simulators.services import Mosquitto
from tests.support.services import Database
from tests.support.whole import Services, Whole, counts_agree, eventually, press, rating

pytestmark = pytest.mark.service

DISK_MIB = 48
MEANWHILE = 40


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, where the kernel lets us mount one."""
    path = tmp_path / "disk"
    path.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "none", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no small file system here: {done.stderr.strip()}")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture
def cramped(small_disk: Path, services: Services) -> Iterator[Whole]:
    whole = Whole(small_disk, services)
    yield whole
    whole.kill()


def fill(path: Path) -> None:
    """Take every byte that is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    for size in (1 << 20, 1 << 12, 1):
        with suppress(OSError):
            while True:
                os.write(descriptor, bytes(size))
    os.close(descriptor)


def test_the_intake_waits_connected_and_goes_on_by_itself_when_there_is_room(
    cramped: Whole, broker: Mosquitto, database: Database, small_disk: Path
) -> None:
    cramped.start()
    press(broker.port, "dev-1", rating("0000"))
    eventually(lambda: database.count("event_id") == 1, "a press before")
    fill(small_disk / "filler")
    for number in range(1, MEANWHILE):  # incompressible, so that no spare page does
        press(
            broker.port,
            "dev-1",
            rating(f"{number:04}", comment=os.urandom(240).hex()),
        )
    told = "make room on its disk"
    eventually(
        lambda: told in cramped.readiness()["checks"]["journal"]["detail"], "full"
    )
    readiness = cramped.readiness()
    assert readiness["code"] == 503
    assert not readiness["checks"]["journal"]["ok"]
    assert told in cramped.cli("status").out
    assert readiness["checks"]["ingest"]["ok"]
    uplinks = [it for it in cramped.log("link_opened") if it["role"] == "ingest"]
    assert len(uplinks) == 1, "stays connected"
    (small_disk / "filler").unlink()
    cramped.accepted(MEANWHILE)
    eventually(cramped.is_ready, "ready again")
    eventually(lambda: database.count("event_id") == MEANWHILE, "nothing lost")
    causes = {it["cause"]: it["state"] for it in cramped.ask("alerts")["items"]}
    assert causes["disk_full"] == "resolved"
    pipeline = cramped.ask("pipeline")
    assert counts_agree(pipeline)
    assert pipeline["duplicate"] == 0, "the broker had nothing to send again"
    assert [it for it in cramped.log("role_died") if it["child"] == "ingest"] == []
    assert cramped.stop() == 0
    assert cramped.cli("verify").code == 0


def test_a_stop_while_the_disk_is_full_is_in_order_and_loses_nothing(
    cramped: Whole, broker: Mosquitto, small_disk: Path
) -> None:
    cramped.start()
    fill(small_disk / "filler")
    for number in range(MEANWHILE):
        press(
            broker.port,
            "dev-1",
            rating(f"{number:04}", comment=os.urandom(240).hex()),
        )
    eventually(lambda: not cramped.readiness()["checks"]["journal"]["ok"], "full")
    assert cramped.stop() == 0
    assert cramped.running() == []
    (small_disk / "filler").unlink()
    cramped.start()
    cramped.accepted(MEANWHILE)
