"""When it is told how sinks stand."""

from collections.abc import Sequence

import msgspec

from gateway.clock import SteppedClock
from gateway.errors import TransientError
from gateway.ports import Record
from gateway.processing.upkeep.standings import Standing, Standings, StandingsAct
from gateway.queries.asking import StoreAbsentError


class World:
    def __init__(self) -> None:
        self.found: list[Standing] = [Standing("points", 5, 0, 0, 0)]
        self.absent = False
        self.away = False
        self.told: list[list[Standing]] = []
        self.looking = Standings(self.read, self, SteppedClock())

    def read(self) -> list[Standing]:
        if self.absent:
            raise StoreAbsentError("delivery.db does not exist yet")
        return self.found

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        if self.away:
            raise TransientError("ingest does not answer")
        for record in records:
            act = msgspec.json.decode(record.payload, type=StandingsAct)
            self.told.append(act.sinks)
        return 1, 1, 0

    async def step(self, *found: Standing) -> int:
        """How often it was told so far."""
        self.found = list(found) or self.found
        await self.looking.step()
        return len(self.told)


async def test_what_flows_needs_no_word() -> None:
    world = World()
    assert await world.step() == 1, "how they stand at the start"
    assert await world.step(Standing("points", 900, 0, 30, 400)) == 1
    assert await world.step(Standing("points", 999, 0, 0, 0)) == 1


async def test_one_that_is_behind_is_told_each_minute_and_its_end_once() -> None:
    world = World()
    await world.step()
    assert await world.step(Standing("points", 5, 0, 7, 9_000)) == 2
    assert await world.step(Standing("points", 5, 0, 7, 69_000)) == 3
    assert await world.step(Standing("points", 12, 0, 0, 0)) == 4
    assert await world.step() == 4
    assert world.told[2] == [Standing("points", 5, 0, 7, 69_000)]


async def test_a_dead_letter_is_told() -> None:
    world = World()
    await world.step()
    assert await world.step(Standing("points", 5, 1, 0, 0)) == 2


async def test_what_could_not_be_told_or_read_is_told_later() -> None:
    world = World()
    world.absent = True
    assert await world.step() == 0
    world.absent, world.away = False, True
    assert await world.step() == 0
    world.away = False
    assert await world.step() == 1
