"""A link's listener that remembers, and links made for a test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from mqtt5 import PublishPacket

from device_protocol.mqtt_session import ConnectOptions
from gateway.clock import SystemClock
from gateway.mqtt import LinkOptions, MqttLink, uplink_filters
from gateway.ports import LinkListener

DEADLINE_S = 30.0


class Listener(LinkListener):
    """Remembers everything in the order heard."""

    def __init__(self) -> None:
        self.opened: list[tuple[int, bool]] = []
        self.closed: list[tuple[int, str, bool]] = []
        self.refused: list[Mapping[str, int]] = []
        self.packets: list[tuple[int, PublishPacket]] = []
        self.confirmed: list[tuple[int, int]] = []
        self.passed: list[int] = []
        self.failures: list[str] = []

    @property
    def payloads(self) -> list[bytes]:
        return [packet.payload for _, packet in self.packets]

    @property
    def ids(self) -> list[int]:
        return [p.packet_id for _, p in self.packets if p.packet_id is not None]

    def link_opened(self, epoch: int, *, session_present: bool) -> None:
        self.opened.append((epoch, session_present))

    def link_subscribed(self, epoch: int, refused: Mapping[str, int]) -> None:
        self.refused.append(refused)

    def link_received(self, epoch: int, packets: Sequence[PublishPacket]) -> None:
        self.packets += [(epoch, packet) for packet in packets]

    def link_confirmed(self, epoch: int, packet_id: int, code: int) -> None:
        self.confirmed.append((packet_id, code))

    def link_passed(self, epoch: int, barrier: int) -> None:
        self.passed.append(barrier)

    def link_failed(self, reason: str) -> None:
        self.failures.append(reason)

    def link_closed(self, epoch: int, reason: str, *, taken_over: bool) -> None:
        self.closed.append((epoch, reason, taken_over))


def link_options(
    port: int, *, receive_max: int = 2000, keep_alive_s: int = 30, client_id: str = "gw"
) -> LinkOptions:
    return LinkOptions(
        host="127.0.0.1",
        port=port,
        connect=ConnectOptions(
            client_id,
            session_expiry_s=604_800,
            receive_max=receive_max,
            keep_alive_s=keep_alive_s,
        ),
        filters=uplink_filters("evaluators"),
        retry_delay_ms=20,
        retry_delay_ms_max=50,
        tick_ms=50,
    )


@asynccontextmanager
async def linked(
    options: LinkOptions, *, subscribed: bool = True
) -> AsyncIterator[tuple[MqttLink, Listener]]:
    """A running link; at the end it parts in good order."""
    listener = Listener()
    link = MqttLink(options, listener, SystemClock(), lambda: 0.5)
    async with asyncio.TaskGroup() as group:
        group.create_task(link.run())
        try:
            if subscribed:
                await until(lambda: bool(listener.refused))
            yield link, listener
        finally:
            link.stop()


async def until(done: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Let the world go on until `done`."""
    async with asyncio.timeout(deadline_s):
        while not done():  # noqa: ASYNC110 - the world sets no event
            await asyncio.sleep(0.005)
