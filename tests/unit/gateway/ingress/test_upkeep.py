"""Old blocks go, and all bodies are read again, beside the intake's work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clock import SteppedClock
from gateway.errors import DiskFullError, JournalBrokenError
from gateway.ingress.upkeep import DAY_MS, PRUNED_A_STEP, Keeper, Upkeep, pause_s
from gateway.ingress.writing import JournalWriter
from gateway.journal.rechecking import EndlessCheck, Step
from gateway.observability.metrics import IngestMetrics
from tests.support.journals import Directory, message

RETENTION_DAYS = 2


class Bench:
    """A keeper over a journal of one block an hour for four days."""

    def __init__(self, path: Path) -> None:
        self.directory = Directory(path)
        self.journal = self.directory.open().journal
        for hour in range(96):
            self.directory.clock.advance(3_600_000)
            self.journal.append([message(hour)])
        self.covered = 0
        self.exits: list[int] = []
        self.noted: list[tuple[str, dict[str, object]]] = []
        self.metrics = IngestMetrics(None)
        self.check = EndlessCheck(self.directory.file)
        clock = SteppedClock()
        self.writer = JournalWriter(
            self.journal, clock, self.metrics, exit_process=self.exits.append
        )
        self.upkeep = Upkeep(
            lambda: self.covered, self._prune, self.check, RETENTION_DAYS
        )
        self.failures: list[Exception] = []
        self.keeper = Keeper(self.upkeep, self.writer, self._note, clock, self.metrics)

    def close(self) -> None:
        self.keeper.close()
        self.writer.close()
        self.check.close()
        self.directory.close()

    def left(self) -> int:
        """The oldest block that is still there."""
        return self.directory.read()[0].header.number

    def _prune(self, before: int, limit: int, appended_before_ms: int) -> int:
        if self.failures:
            raise self.failures.pop(0)
        return self.journal.prune(before, limit, appended_before_ms)

    def _note(self, name: str, **data: object) -> None:
        self.noted.append((name, data))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


async def test_without_a_checkpoint_nothing_is_pruned(bench: Bench) -> None:
    assert await bench.keeper.prune_once() == 0
    assert bench.left() == 1


async def test_what_is_old_and_covered_goes(bench: Bench) -> None:
    bench.covered = 90
    assert await bench.keeper.prune_once() == 47
    assert bench.left() == 48, "two days before the newest block"
    pruned = bench.metrics.registry.get_sample_value("evalgate_blocks_pruned_total")
    assert pruned == 47


async def test_what_no_checkpoint_covers_stays_whatever_its_age(bench: Bench) -> None:
    bench.covered = 10
    assert await bench.keeper.prune_once() == 10
    assert bench.left() == 11


async def test_nothing_expires_by_a_time_that_is_not_believed(bench: Bench) -> None:
    bench.covered = 90
    clock = bench.directory.clock
    clock.set_wall(clock.wall_ms() + 30 * DAY_MS)
    bench.journal.append([])
    assert await bench.keeper.prune_once() == 0


async def test_a_portion_is_bounded(bench: Bench) -> None:
    for _ in range(PRUNED_A_STEP):
        bench.journal.append([])
    bench.directory.clock.advance(10 * 3_600_000)
    for _ in range(12):
        bench.directory.clock.advance(6 * 3_600_000)
        bench.journal.append([])
    bench.covered = 300
    assert await bench.keeper.prune_once() == PRUNED_A_STEP
    assert await bench.keeper.prune_once() < PRUNED_A_STEP


async def test_a_full_disk_keeps_the_blocks(bench: Bench) -> None:
    bench.covered = 90
    bench.failures = [DiskFullError("full")]
    assert await bench.keeper.prune_once() == 0
    assert bench.exits == []


async def test_a_disk_that_fails_ends_the_process(bench: Bench) -> None:
    bench.covered = 90
    bench.failures = [JournalBrokenError("EIO")]
    with pytest.raises(JournalBrokenError):
        await bench.keeper.prune_once()
    assert bench.exits == [70]


async def test_damage_is_recorded_once(bench: Bench) -> None:
    bench.directory.sql("UPDATE block SET body = zeroblob(9) WHERE number IN (7, 8)")
    for _ in range(4):
        await bench.keeper.check_once()
    assert bench.noted == [
        ("journal_damaged", {"kind": "body", "first": 7, "last": 7}),
        ("journal_damaged", {"kind": "body", "first": 8, "last": 8}),
    ]


@pytest.mark.parametrize(
    ("step", "took_ms", "expected_s"),
    [
        (Step([], 256, 1_000_000), 10, 22.1),  # a day for all
        (Step([], 256, 1_000_000), 2_000, 98.0),  # never more than its share
        (Step([], 5, 5), 1, 600.0),  # a short journal is read often enough
        (Step([], 0, 0), 0, 600.0),
        (Step([], 256, 10**9), 0, 1.0),
    ],
)
def test_the_check_takes_a_day_and_a_small_share_of_it(
    step: Step, took_ms: int, expected_s: float
) -> None:
    assert pause_s(step, took_ms) == pytest.approx(expected_s, abs=0.1)
