"""A load of many terminals over a few connections, and the list of what was sent.

The manifest names every good rating once: what must arrive, whatever happens.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, TextIO
from zlib import crc32

from simulators.population import Expected, Message, Plan, births, messages
from simulators.publisher import Publisher, encode, packet_id

_TICK_S: Final = 0.002
_FEED_MAX: Final = 2000  # messages waiting in a lane for room
_FLUSH_S: Final = 60.0  # for the last acknowledgements
_ROUNDING_MS: Final = 1


@dataclass
class Report:
    """What was sent, and what the broker said; times are monotonic nanoseconds."""

    good: int = 0
    resent: int = 0
    junk: int = 0
    births: int = 0
    acknowledged: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    first_ns: int = 0
    last_ns: int = 0


class Lane:
    """One connection and the packets that wait for room in it."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher
        self.waiting: deque[bytes] = deque()

    def push(self) -> None:
        """Send what there is room for."""
        self.publisher.send(_drain(self.waiting), len(self.waiting))


class Load:
    """Messages on their way from a source into lanes, told in a manifest.

    A device keeps its lane, so its messages stay in order.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        manifest: TextIO | None = None,
        sent: TextIO | None = None,
    ) -> None:
        self._lanes = lanes
        self._numbers = [0] * len(lanes)
        self._manifest = manifest
        self._sent = sent
        self.report = Report()

    def prepare(self, source: Iterator[Message]) -> Iterator[tuple[int, bytes, str]]:
        """Give each message its lane and its bytes; what is good enters the manifest.

        Yields (lane, packet, event id or "").
        """
        report, lanes = self.report, len(self._lanes)
        for message in source:
            lane = crc32(message.topic.encode()) % lanes
            packet = encode(
                message.topic, message.payload, packet_id(self._numbers[lane])
            )
            self._numbers[lane] += 1
            if message.expected is not None:
                report.good += 1
                self._tell(message.expected)
            elif message.junk:
                report.junk += 1
            else:
                report.resent += 1
            yield lane, packet, message.expected.event_id if message.expected else ""

    def _tell(self, expected: Expected) -> None:
        if self._manifest is not None:
            self._manifest.write(json.dumps(expected._asdict()) + "\n")

    async def introduce(self, plan: Plan) -> None:
        """Publish the retained birth of every device."""
        lane = self._lanes[0]
        for message in births(plan):
            number = packet_id(self._numbers[0])
            self._numbers[0] += 1
            packet = encode(message.topic, message.payload, number, retain=True)
            lane.waiting.append(packet)
            self.report.births += 1
        await self.flush()

    async def send(
        self,
        prepared: Iterator[tuple[int, bytes, str]],
        rate: float | None,
        stopped: asyncio.Event,
    ) -> None:
        """Send at `rate` messages a second, or as fast as the broker takes them."""
        begun_ns = time.monotonic_ns()
        self.report.first_ns = begun_ns
        fed, exhausted = 0, False
        while not (exhausted or stopped.is_set()):
            elapsed_s = (time.monotonic_ns() - begun_ns) / 1e9
            due = int(rate * elapsed_s) + 1 - fed if rate else _FEED_MAX
            count = self._feed(prepared, min(due, _FEED_MAX))
            fed += count
            exhausted = count < min(due, _FEED_MAX) and not self._crowded()
            await self._push(_TICK_S if rate else None)
        await self.flush()

    def _crowded(self) -> bool:
        return any(len(lane.waiting) >= _FEED_MAX for lane in self._lanes)

    def _feed(self, prepared: Iterator[tuple[int, bytes, str]], count: int) -> int:
        if self._crowded():
            return 0
        now_ns, fed = time.monotonic_ns(), 0
        queues = [lane.waiting for lane in self._lanes]
        for lane, packet, event_id in islice(prepared, count):
            queues[lane].append(packet)
            fed += 1
            if self._sent is not None and event_id:
                self._sent.write(f"{event_id} {now_ns}\n")
            if len(queues[lane]) >= _FEED_MAX:
                break
        return fed

    async def _push(self, tick_s: float | None) -> None:
        """Send what there is room for, then wait for a tick or for room."""
        for lane in self._lanes:
            lane.push()
        if tick_s is not None:
            await asyncio.sleep(tick_s)
            return
        fullest = max(self._lanes, key=lambda lane: len(lane.waiting))
        await fullest.publisher.progress(_TICK_S)

    async def flush(self) -> None:
        """Send what still waits, and wait until the broker has acknowledged it.

        Raises:
            TimeoutError: it did not acknowledge everything within a minute.

        """
        async with asyncio.timeout(_FLUSH_S):
            for lane in self._lanes:
                while lane.waiting or lane.publisher.room < lane.publisher.window_max:
                    lane.push()
                    await lane.publisher.progress(_TICK_S)
        self.report.last_ns = time.monotonic_ns()
        publishers = [lane.publisher for lane in self._lanes]
        self.report.acknowledged = sum(one.acknowledged for one in publishers)
        refused = sum((one.refused for one in publishers), Counter[int]())
        self.report.refused = {hex(code): count for code, count in refused.items()}


def _drain(waiting: deque[bytes]) -> Iterator[bytes]:
    while waiting:
        yield waiting.popleft()


async def run(asked: argparse.Namespace) -> Report:
    """Do what the command line asks for."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    plan = _plan(asked)
    with contextlib.ExitStack() as files:
        manifest, sent = (
            files.enter_context(path.open("w", encoding="utf-8")) if path else None
            for path in (asked.manifest, asked.sent)
        )
        lanes = [
            Lane(
                await Publisher(f"{asked.client_id}-{number}", asked.window).connect(
                    "127.0.0.1", asked.port
                )
            )
            for number in range(asked.connections)
        ]
        load = Load(lanes, manifest, sent)
        if asked.births:
            await load.introduce(plan)
        prepared = load.prepare(messages(plan))
        if asked.hold:
            # Encoded before it is told to go, so that encoding is not measured.
            prepared = iter(list(prepared))
            _say({"ready": True, "good": load.report.good})
            await loop.run_in_executor(None, sys.stdin.readline)
        await load.send(prepared, asked.rate, stopped)
        for lane in lanes:
            lane.publisher.close()
    return load.report


def _plan(asked: argparse.Namespace) -> Plan:
    step_ms = 1000 / asked.rate if asked.rate else 0.05
    return Plan(
        seed=asked.seed,
        messages=asked.n or None,
        devices=asked.devices,
        root=asked.root,
        resend_share=asked.resend,
        junk_share=asked.junk,
        start_ms=time.time_ns() // 1_000_000 - _ROUNDING_MS,
        step_ms=step_ms,
    )


def _say(what: dict[str, object]) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - the contract with whoever started us


def main(arguments: Sequence[str]) -> int:
    """Send a load; the last line of output is its report as JSON."""
    parser = argparse.ArgumentParser(prog="python -m simulators load")
    add = parser.add_argument
    add("--port", type=int, required=True, help="of the broker, on the loopback")
    add("--n", type=int, default=0, help="good ratings; 0: until stopped")
    add("--rate", type=float, help="messages a second; without it, full speed")
    add("--devices", type=int, default=1000)
    add("--root", default="evaluators")
    add("--seed", type=int, default=1)
    add("--resend", type=float, default=0.0, help="share sent again later")
    add("--junk", type=float, default=0.0, help="share of junk beside")
    add("--connections", type=int, default=3)
    add("--window", type=int, default=2000, help="unacknowledged per connection")
    add("--client-id", default="load")
    add("--births", action="store_true", help="publish retained births first")
    add("--hold", action="store_true", help="encode all, say ready, wait for a line")
    add("--manifest", type=Path, help="JSON lines: every good rating")
    add("--sent", type=Path, help="event id and monotonic ns of every good rating")
    asked = parser.parse_args(arguments)
    if asked.hold and not asked.n:
        parser.error("--hold needs --n")
    report = asyncio.run(run(asked))
    _say(asdict(report))
    return 1 if report.refused else 0
