"""InfluxDB and a business backend, both unreliable."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from gateway.events import cloud_id, partition_of
from gateway.ports import (
    Answer,
    HealthPoint,
    Order,
    RatingEvent,
    Receipt,
    Unit,
    Verdict,
)
from gateway.sinks.lines import rating_line
from tests.scenarios.world.loop import ProcessLoop

DEADLINE_S: Final = 4.0
GUILTY_OF: Final = 37
"""One event in so many is refused for ever, by each server its own ones."""


class Point(NamedTuple):
    rating_id: str
    level: int
    effective: bool
    version: int


class Server:
    """Somebody on the other side of a request; its answers are the dice's.

    A request is applied at one moment and answered at a later one; between them the
    sender may die or lose patience.
    """

    name = ""

    def __init__(
        self,
        dice: random.Random,
        later: Callable[[int, Callable[[], None]], None],
        mishap: Callable[[float], bool],
    ) -> None:
        self.dice = dice
        self._later = later
        self._mishap = mishap
        self.applied = 0
        self.requests = 0

    def request(self, units: Sequence[Unit], reply: Callable[[Answer], None]) -> None:
        count = self.dice.randint(1, len(units))
        count = len(units) if self.dice.random() < 0.8 else count
        chosen = list(units[:count])
        self.requests += 1
        self._later(self.dice.randrange(30), lambda: self._handle(chosen, reply))

    def guilty(self, unit: Unit) -> bool:
        return False

    def apply(self, unit: Unit) -> None:
        """Keep it."""

    def _handle(self, units: list[Unit], reply: Callable[[Answer], None]) -> None:
        count = len(units)
        answer = Answer(Verdict.DELIVERED, count, 204)
        if self._mishap(0.15):
            answer = self.dice.choice(
                [
                    Answer(Verdict.RETRY, count, 503),
                    Answer(Verdict.RETRY, count, 429, retry_after_ms=700),
                    Answer(Verdict.OPERATOR, count, 401),
                    Answer(Verdict.TOO_LARGE, count, 413),
                ]
            )
            if count == 1 and answer.verdict is Verdict.TOO_LARGE:
                answer = Answer(Verdict.RETRY, count, 503)
        elif any(map(self.guilty, units)):
            answer = Answer(Verdict.REFUSED, count, 400, "a bad one among them")
            self.refuse(units)
        else:
            self._apply(units)
        if not self._mishap(0.1):
            self._later(self.dice.randrange(30), lambda: reply(answer))

    def refuse(self, units: list[Unit]) -> None:
        """A server may keep the good ones all the same."""
        if self.dice.random() < 0.5:
            self._apply([unit for unit in units if not self.guilty(unit)])

    def _apply(self, units: list[Unit]) -> None:
        self.applied += len(units)
        for unit in units:
            self.apply(unit)


class Influx(Server):
    name = "influx"

    def __init__(
        self,
        dice: random.Random,
        later: Callable[[int, Callable[[], None]], None],
        mishap: Callable[[float], bool],
    ) -> None:
        super().__init__(dice, later, mishap)
        self.points: dict[tuple[str, str], Point] = {}

    def guilty(self, unit: Unit) -> bool:
        """Of a rating; the gateway's own figures come when a minute is over."""
        if isinstance(unit, HealthPoint):
            return False
        assert isinstance(unit, RatingEvent)
        return int(unit.event_id, 16) % GUILTY_OF == 1

    def apply(self, unit: Unit) -> None:
        if isinstance(unit, HealthPoint):
            return
        assert isinstance(unit, RatingEvent)
        series, fields, time = rating_line(unit).split(" ")
        values = dict(pair.split("=", 1) for pair in fields.split(",") if "=" in pair)
        device = dict(tag.split("=") for tag in series.split(",")[1:])["device"]
        self.points[series, time] = Point(
            f"{device}:{values['event_id'].strip(chr(34))}",
            int(values["level"].rstrip("i")),
            values["effective"] == "1i",
            int(values["version"].rstrip("i")),
        )


class Backend(Server):
    name = "backend"

    def __init__(
        self,
        dice: random.Random,
        later: Callable[[int, Callable[[], None]], None],
        mishap: Callable[[float], bool],
    ) -> None:
        super().__init__(dice, later, mishap)
        self.ids: Counter[str] = Counter()
        self.order: dict[str, list[str]] = {}

    def guilty(self, unit: Unit) -> bool:
        if not isinstance(unit, RatingEvent):
            return False
        return int(unit.event_id, 16) % GUILTY_OF == 2

    def apply(self, unit: Unit) -> None:
        assert not isinstance(unit, Receipt | Order)
        name = cloud_id(unit)
        self.ids[name] += 1
        if self.ids[name] == 1:
            self.order.setdefault(partition_of(unit), []).append(name)


class SimulatedSink:
    """`gateway.ports.Sink` on a server of the world."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def send(self, units: Sequence[Unit]) -> Answer:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ProcessLoop)
        answered: asyncio.Future[Answer] = loop.create_future()

        def reply(answer: Answer) -> None:
            loop.call_soon(settle, answer)

        def settle(answer: Answer) -> None:
            if not answered.done():
                answered.set_result(answer)

        self._server.request(units, reply)
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await answered
        except TimeoutError:
            return Answer(Verdict.RETRY, len(units), None, "no answer in time")

    async def close(self) -> None:
        """There is nothing to give back."""
