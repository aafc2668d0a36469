"""Commands and settings out: recorded, published, and told if nobody heard them."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from device_protocol.mqtt_publish import PLAIN, PublishOptions
from gateway.clock import SteppedClock
from gateway.command_acts import COMMANDS_SENT, COMMANDS_UNHEARD, CommandsNews
from gateway.downlink.commands import CommandsSink
from gateway.errors import TransientError
from gateway.ports import Order, Record, Verdict

NOW_MS = 1_795_262_400_000


class PretendLink:
    """Answers each publish with `code`; remembers what came with which options."""

    def __init__(self, code: int = 0) -> None:
        self.epoch, self.quota, self.code = 1, 10, code
        self.published: list[tuple[str, PublishOptions]] = []
        self.sink: CommandsSink | None = None

    def publish(
        self, messages: Sequence[tuple[str, bytes]], options: PublishOptions = PLAIN
    ) -> list[int]:
        self.published += [(topic, options) for topic, _ in messages]
        number = len(self.published)
        asyncio.get_running_loop().call_soon(self._confirm, number)
        return [number]

    def _confirm(self, number: int) -> None:
        assert self.sink is not None
        self.sink.link_confirmed(self.epoch, number, self.code)


class Told:
    """The journal, as far as the sink knows it."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, list[str]]] = []
        self.full = False

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        if self.full:
            raise TransientError("no answer")
        for record in records:
            news = msgspec.json.decode(record.payload, type=CommandsNews)
            ids = [one.command_id for one in news.commands]
            self.acts.append((record.topic, ids))
        return (1, 1, 0)


def made(code: int = 0) -> tuple[CommandsSink, PretendLink, Told]:
    told, link = Told(), PretendLink(code)
    sink = CommandsSink("evaluators", told, SteppedClock(NOW_MS), timeout_ms=20_000)
    link.sink = sink
    sink.attach(link)  # type: ignore[arg-type] # the half of a Link that is used
    return sink, link, told


def command(expires_ms: int = NOW_MS + 1_500) -> Order:
    return Order("d-1", "command", "1.2.0.0", b"{}", expires_ms)


async def test_a_command_is_recorded_before_it_is_published() -> None:
    sink, link, told = made()
    answer = await sink.send([command()])
    assert answer.verdict is Verdict.DELIVERED
    assert told.acts == [(COMMANDS_SENT, ["1.2.0.0"])]
    ((topic, options),) = link.published
    assert topic == "evaluators/v1/d-1/command"
    reply = "evaluators/v1/d-1/reply"
    assert options == PublishOptions(
        expiry_s=2, response_topic=reply, correlation=b"1.2.0.0"
    )


async def test_settings_stay_with_the_broker_and_are_no_record() -> None:
    sink, link, told = made(0x10)
    await sink.send([Order("d-1", "config", "7", b"{}", 0)])
    assert link.published == [("evaluators/v1/d-1/config", PublishOptions(retain=True))]
    assert told.acts == []


async def test_what_is_too_late_is_neither_recorded_nor_published() -> None:
    sink, link, told = made()
    answer = await sink.send([command(NOW_MS)])
    assert (answer.verdict, link.published, told.acts) == (Verdict.DELIVERED, [], [])


@pytest.mark.parametrize(
    ("code", "verdict"), [(0x10, Verdict.DELIVERED), (0x87, Verdict.OPERATOR)]
)
async def test_what_nobody_got_is_told(code: int, verdict: Verdict) -> None:
    sink, _, told = made(code)
    assert (await sink.send([command()])).verdict is verdict
    names = [name for name, _ in told.acts]
    assert names == [COMMANDS_SENT, COMMANDS_UNHEARD]


async def test_without_its_record_nothing_is_published() -> None:
    sink, link, told = made()
    told.full = True
    assert (await sink.send([command()])).verdict is Verdict.RETRY
    assert link.published == []


async def test_a_broker_that_is_away_is_tried_again_without_a_record() -> None:
    sink, link, told = made()
    link.epoch = 0
    assert (await sink.send([command()])).verdict is Verdict.RETRY
    assert told.acts == []
