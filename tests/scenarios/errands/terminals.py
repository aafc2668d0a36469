"""Terminals that do what they are told, and the broker between, by dice."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from device_protocol.downlink import decode
from device_protocol.messages import Command
from device_protocol.mqtt_publish import PLAIN, PublishOptions
from device_protocol.topics import Channel
from gateway.ports import LinkListener
from simulators.simulate.obeying import Obedience

NOBODY: Final = 0x10
FULL: Final = 0x97
AGAIN: Final = "~"
"""A mutant that gives a command a new id appends this and a number."""
_LATE_MS: Final = 1_000
"""The broker counts whole seconds."""


class Terminal:
    """Keeps its memory over every fault; its replies wait until it is there."""

    def __init__(self, device_id: str) -> None:
        self.device_id = device_id
        self.is_online = False
        self.has_session = False
        self.queue: list[tuple[bytes, int]] = []
        """What the broker keeps for it, and until when."""
        self.unsaid: deque[dict[str, Any]] = deque()
        self._obedience = Obedience()

    def executed(self) -> Counter[str]:
        done: Counter[str] = Counter()
        for command_id, times in self._obedience.executed.items():
            done[command_id.partition(AGAIN)[0]] += times
        return done

    def hear(self, payload: bytes, now_ms: int) -> None:
        for answer in self._obedience.command(payload, now_ms):
            if answer.channel is Channel.REPLY:
                self.unsaid.append(answer.fields)


class Broker:
    """The half of a link that the sink uses, and what lies behind it."""

    def __init__(self, dice: random.Random, now_ms: Callable[[], int]) -> None:
        self.terminals: dict[str, Terminal] = {}
        self.epoch, self.quota = 1, 10
        self.listener: LinkListener | None = None
        self.troubled = True
        self.heard_late = 0
        self.retained = 0
        self.on_publish: Callable[[Command], None] = lambda _: None
        self._dice = dice
        self._now_ms = now_ms
        self._ids = 0

    def publish(
        self, messages: Sequence[tuple[str, bytes]], options: PublishOptions = PLAIN
    ) -> list[int]:
        return [self._take(topic, body, options) for topic, body in messages]

    def _take(self, topic: str, payload: bytes, options: PublishOptions) -> int:
        message = decode(Channel.COMMAND, payload)
        assert isinstance(message, Command)
        self.on_publish(message)
        self.retained += options.retain
        self._ids += 1
        loop, listener = asyncio.get_running_loop(), self.listener
        assert listener is not None
        code = 0
        if self.troubled and self._dice.random() < 0.15:
            code = FULL
        else:
            code = self._pass_on(topic.split("/")[2], payload, options)
        if self.troubled and self._dice.random() < 0.2:
            self.epoch += 1
            loop.call_soon(self._lost, listener)
        else:
            epoch, number = self.epoch, self._ids
            loop.call_soon(listener.link_confirmed, epoch, number, code)
        return self._ids

    def _lost(self, listener: LinkListener) -> None:
        listener.link_closed(self.epoch - 1, "broken", taken_over=False)

    def _pass_on(self, device_id: str, payload: bytes, options: PublishOptions) -> int:
        terminal = self.terminals[device_id]
        if terminal.is_online:
            for _ in range(1 + (self._dice.random() < 0.2)):
                self._deliver(terminal, payload)
            return 0
        if not terminal.has_session:
            return NOBODY
        lives_ms = (options.expiry_s or 1 << 32) * 1000
        terminal.queue.append((payload, self._now_ms() + lives_ms))
        return 0

    def come(self, terminal: Terminal) -> None:
        """It connects; a session gives it what waits there."""
        terminal.is_online = True
        waiting, terminal.queue = terminal.queue, []
        for payload, until_ms in waiting:
            if terminal.has_session and self._now_ms() < until_ms:
                self._deliver(terminal, payload)

    def _deliver(self, terminal: Terminal, payload: bytes) -> None:
        message = decode(Channel.COMMAND, payload)
        assert isinstance(message, Command)
        now_ms = self._now_ms()
        self.heard_late += now_ms > message.expires_ms + _LATE_MS
        terminal.hear(payload, now_ms)

    def forget(self) -> None:
        """Its file is gone: all sessions with what waited in them."""
        for terminal in self.terminals.values():
            terminal.queue.clear()
            terminal.has_session = terminal.is_online = False


def replies(terminal: Terminal, count: int) -> Iterator[dict[str, Any]]:
    """What it says next, in its order."""
    for _ in range(min(count, len(terminal.unsaid))):
        yield terminal.unsaid.popleft()


def as_told(fields: dict[str, Any], number: int) -> bytes:
    told = {"v": 1, "event_id": f"told-{number:06d}", **fields}
    return msgspec.json.encode(told)
