"""Whatever a sink answers, every unit ends delivered or dead, in order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.lane import Lane, LaneLimits, Request, Settlement
from gateway.delivery.slots import Position
from gateway.events import partition_of
from gateway.ports import Answer, RatingEvent, Unit, Verdict
from tests.support.events import rating_event

TRANSIENT = (Verdict.RETRY, Verdict.OPERATOR, Verdict.DISABLED, Verdict.TOO_LARGE)


def event(number: int, partitions: int) -> RatingEvent:
    return rating_event(number, session_key=f"s{number % partitions}")


class World:
    """One lane, one sink that refuses the guilty, and a dice for everything else."""

    def __init__(
        self, seed: int, guilty: set[int], partitions: int, *, unjust: bool = False
    ) -> None:
        size = 9
        self.random = random.Random(seed)
        self.guilty = guilty
        self.unjust = unjust
        self.now_ms = 0
        self.limits = LaneLimits(
            units_max=self.random.choice([1, 3, 8]),
            in_flight_max=self.random.choice([1, 2, 3]),
            refused_max=5 if unjust else 20,
        )
        self.lane = Lane(self.limits, (1, 0), partition_of, self.random.random)
        self.rows = [
            (block, [event(block * size + n, partitions) for n in range(size)])
            for block in range(1, 7)
        ]
        self.offered = 0
        self.flying: list[Request] = []
        self.taken: list[int] = []
        self.settled: list[Settlement] = []

    def ordinals(self, units: object) -> list[int]:
        assert isinstance(units, list)
        return [unit.ordinal for unit in units]

    def feed(self) -> None:
        while self.lane.hungry and self.offered < len(self.rows):
            block, units = self.rows[self.offered]
            kept = [at for at in range(len(units)) if (block + at) % 7]
            self.lane.offer(block, units, kept, self.now_ms)
            self.offered += 1

    def answer(self, request: Request, *, calm: bool) -> None:
        units: list[Unit] = list(request.units)
        count = len(units) if calm else self.random.randint(1, len(units))
        verdict = self._judge(self.ordinals(units[:count]), calm=calm)
        if verdict is Verdict.DELIVERED:
            self.taken += self.ordinals(units[:count])
        after = self.random.choice([0, 0, 3000])
        answer = Answer(verdict, count, 400, "no", after)
        self.lane.answered(request, answer, self.now_ms)

    def _judge(self, ordinals: list[int], *, calm: bool) -> Verdict:
        if not calm and self.random.random() < 0.4:
            if self.unjust and self.random.random() < 0.7:
                return Verdict.REFUSED
            return self.random.choice(TRANSIENT[: 4 if len(ordinals) > 1 else 3])
        if not self.guilty.isdisjoint(ordinals):
            return Verdict.REFUSED
        return Verdict.DELIVERED

    def step(self, *, calm: bool) -> None:
        self.feed()
        found = self.lane.next(self.now_ms)
        if isinstance(found, Request):
            self.flying.append(found)
        elif self.flying:
            chosen = self.random.randrange(len(self.flying))
            self.answer(self.flying.pop(chosen), calm=calm)
        elif found is None:
            self.lane.enable()
        else:
            self.now_ms = max(self.now_ms + 1, found)
        settlement = self.lane.settle()
        if settlement is not None:
            self.settled.append(settlement)
            self.lane.saved()

    def run(self, storm: int) -> None:
        for number in range(5_000):
            self.step(calm=number > storm)
            if self.settled and self.settled[-1].cursor == (7, 0):
                return
        raise AssertionError("the lane does not come to its end")

    @property
    def addressed(self) -> dict[Position, int]:
        return {
            (block, at): unit.ordinal
            for block, units in self.rows
            for at, unit in enumerate(units)
            if (block + at) % 7
        }

    @property
    def dead(self) -> list[int]:
        letters = [letter for it in self.settled for letter in it.dead]
        return [it.unit.ordinal for it in letters]  # type: ignore[union-attr] # ratings


def check_the_end(world: World, partitions: int) -> None:
    assert sorted(world.taken + world.dead) == sorted(world.addressed.values())
    assert sum(it.delivered for it in world.settled) == len(world.taken)
    cursors = [it.cursor for it in world.settled]
    assert cursors == sorted(set(cursors))
    for partition in range(partitions):
        mine = [number for number in world.taken if number % partitions == partition]
        assert mine == sorted(mine)


@settings(deadline=None, max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    guilty=st.sets(st.integers(9, 70), max_size=12),
    partitions=st.sampled_from([2, 5, 100]),
)
def test_the_guilty_end_as_dead_letters_and_all_others_are_delivered_in_order(
    seed: int, guilty: set[int], partitions: int
) -> None:
    world = World(seed, guilty, partitions)
    world.run(storm=300)
    check_the_end(world, partitions)
    assert set(world.dead) == guilty & set(world.addressed.values())


@settings(deadline=None, max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    guilty=st.sets(st.integers(9, 70), max_size=3),
    partitions=st.sampled_from([2, 5, 100]),
)
def test_an_endpoint_that_refuses_at_random_makes_no_fourth_state(
    seed: int, guilty: set[int], partitions: int
) -> None:
    world = World(seed, guilty, partitions, unjust=True)
    world.run(storm=300)
    check_the_end(world, partitions)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("unjust", [False, True])
def test_the_cursor_never_passes_what_is_neither_delivered_nor_dead(
    seed: int, *, unjust: bool
) -> None:
    world = World(seed, {20, 33}, partitions=3, unjust=unjust)
    for _ in range(400):
        world.step(calm=False)
        if world.settled:
            cursor = world.settled[-1].cursor
            passed = {it for place, it in world.addressed.items() if place < cursor}
            assert passed <= {*world.taken, *world.dead}
