"""Commands and settings on their way to terminals, on the connection of the receipts.

A command goes through three steps, so that it is known of each one whether a terminal
may have it: its record (`commands_sent`) is durable, it is published, the broker's word
is recorded if there was nobody to hear it (`commands_unheard`). Killed in between, the
sink begins again: a terminal knows a command that comes twice by its id.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from mqtt5 import PubAckReasonCode

from device_protocol import topics
from device_protocol.mqtt_publish import PublishOptions
from gateway import crashpoints
from gateway.clock import Clock
from gateway.command_acts import (
    COMMANDS_SENT,
    COMMANDS_UNHEARD,
    CommandNews,
    CommandsNews,
)
from gateway.downlink.publishing import Publishing
from gateway.errors import PermanentError, TransientError
from gateway.ports import (
    Answer,
    Order,
    Record,
    RecordKind,
    Submitter,
    Unit,
    Verdict,
)

TIMEOUT_MS: Final = 10_000
_NOBODY: Final = int(PubAckReasonCode.NO_MATCHING_SUBSCRIBERS)
_FAILED_MIN: Final = 0x80
_REFUSALS: Final = frozenset(
    {int(PubAckReasonCode.NOT_AUTHORIZED), int(PubAckReasonCode.TOPIC_NAME_INVALID)}
)


class _Lost(NamedTuple):
    """Why a request must be tried again."""

    why: str


class CommandsSink(Publishing):
    """Publishes orders, one after the other; one request at a time."""

    def __init__(
        self,
        root: str,
        submitter: Submitter,
        clock: Clock,
        timeout_ms: int = TIMEOUT_MS,
    ) -> None:
        super().__init__()
        self._root = root
        self._submitter = submitter
        self._clock = clock
        self._timeout_ms = timeout_ms

    async def send(self, units: Sequence[Unit]) -> Answer:
        """Those of commands that are too late by now are passed over."""
        count = len(units)
        if not self.link.epoch:
            return Answer(Verdict.RETRY, count, detail="the broker is away")
        orders = [unit for unit in units if isinstance(unit, Order)]
        assert len(orders) == count, "events go to other sinks"
        crashpoints.reach("command.before_record")
        ahead = [_news(one) for one in orders if one.expires_ms and self._in_time(one)]
        try:
            await self._tell(COMMANDS_SENT, ahead)
            crashpoints.reach("command.before_publish")
            codes = await self._publish(orders)
            if isinstance(codes, _Lost):
                return Answer(Verdict.RETRY, count, detail=codes.why)
            crashpoints.reach("command.after_publish")
            await self._tell(COMMANDS_UNHEARD, _unheard(codes))
        except (TransientError, PermanentError) as error:
            return Answer(Verdict.RETRY, count, detail=str(error))
        return _judge([code for _, code in codes], count)

    async def close(self) -> None:
        """The link is not ours to close."""

    def _in_time(self, order: Order) -> bool:
        return not order.expires_ms or self._clock.wall_ms() < order.expires_ms

    async def _tell(self, act: str, commands: list[CommandNews]) -> None:
        if commands:
            payload = msgspec.json.encode(CommandsNews(commands))
            now_ms = self._clock.wall_ms()
            await self._submitter.submit([Record(RecordKind.ACT, act, payload, now_ms)])

    async def _publish(
        self, orders: Sequence[Order]
    ) -> list[tuple[Order, int]] | _Lost:
        """The broker's word about each that is still in time."""
        codes: list[tuple[Order, int]] = []
        for order in filter(self._in_time, orders):
            channel = topics.Channel(order.channel)
            topic = topics.topic(self._root, order.device_id, channel)
            message = (topic, order.payload)
            try:
                done = await self.publish(
                    iter([message]), self._timeout_ms, self._options(order)
                )
            except TimeoutError:
                return _Lost("the broker did not confirm in time")
            if self.lost(done):
                return _Lost("the connection was lost")
            codes.append((order, done.codes[0] if done.codes else 0))
        return codes

    def _options(self, order: Order) -> PublishOptions:
        if not order.expires_ms:
            return PublishOptions(retain=True)
        left_ms = order.expires_ms - self._clock.wall_ms()
        reply = topics.topic(self._root, order.device_id, topics.Channel.REPLY)
        return PublishOptions(
            expiry_s=max(1, -(-left_ms // 1000)),
            response_topic=reply,
            correlation=order.subject.encode(),
        )


def _news(order: Order, why: str | None = None) -> CommandNews:
    return CommandNews(order.device_id, order.subject, why)


def _unheard(codes: Sequence[tuple[Order, int]]) -> list[CommandNews]:
    """Commands that the broker gave to nobody, and why; settings it keeps."""
    return [
        _news(order, _why(code))
        for order, code in codes
        if order.expires_ms and (code == _NOBODY or code >= _FAILED_MIN)
    ]


def _why(code: int) -> str:
    if code == _NOBODY:
        return "the terminal is not subscribed"
    return f"refused by the broker ({code:#04x})"


def _judge(codes: Sequence[int], count: int) -> Answer:
    """Refused all alike for want of rights: an operator must act; else it is settled.

    What single terminals did not get goes out again by the fold's own rules.
    """
    refused = [code for code in codes if code in _REFUSALS]
    if codes and len(refused) == len(codes):
        detail = f"the broker refused {len(refused)}: may the downlink publish there?"
        return Answer(Verdict.OPERATOR, count, refused[0], detail)
    return Answer(Verdict.DELIVERED, count)
