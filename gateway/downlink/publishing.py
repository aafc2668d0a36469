"""Publishes of one sink on a link that it shares: sent, and confirmed one by one."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from device_protocol.mqtt_publish import PLAIN, PublishOptions
from gateway.ports import Link, LinkListener

WAITING_MAX: Final = 500
"""Messages of a request that wait for the broker's word at a time."""
_FAILED_MIN: Final = 0x80

Message = tuple[str, bytes]


class Delivery(NamedTuple):
    """Messages on their way in one connection, by packet id until confirmed.

    `codes` are those of the messages that the broker did not simply take, `failed`
    those among them that say that it did not take them at all.
    """

    epoch: int
    waiting: set[int]
    codes: list[int]

    @property
    def failed(self) -> list[int]:
        return [code for code in self.codes if code >= _FAILED_MIN]


class Publishing(LinkListener):
    """One request at a time; another sink's messages are none of its business."""

    def __init__(self) -> None:
        self._link: Link | None = None
        self._delivery: Delivery | None = None
        self._changed = asyncio.Event()

    def attach(self, link: Link) -> None:
        """The link whose listener this is."""
        self._link = link

    @property
    def link(self) -> Link:
        assert self._link is not None, "attach a link first"
        return self._link

    def link_confirmed(self, epoch: int, packet_id: int, code: int) -> None:
        delivery = self._delivery
        if delivery is None or epoch != delivery.epoch:
            return
        if code and packet_id in delivery.waiting:
            delivery.codes.append(code)
        delivery.waiting.discard(packet_id)
        self._changed.set()  # another one's confirmation makes room, too

    def link_closed(self, epoch: int, reason: str, *, taken_over: bool) -> None:  # noqa: ARG002 -- as it is called
        self._changed.set()

    async def publish(
        self,
        messages: Iterator[Message],
        timeout_ms: int,
        options: PublishOptions = PLAIN,
    ) -> Delivery:
        """Send as the broker has room, until all is confirmed or the link is lost.

        Messages are made when they can be sent: ten thousand at once take megabytes.
        Raises TimeoutError when the broker does not confirm in time.
        """
        assert self._delivery is None, "one request at a time"
        self._delivery = delivery = Delivery(self.link.epoch, set(), [])
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await self._send(delivery, messages, options)
        finally:
            self._delivery = None
        return delivery

    def lost(self, delivery: Delivery) -> bool:
        """Whether the connection ended before all was confirmed."""
        return self.link.epoch != delivery.epoch

    async def _send(
        self, delivery: Delivery, messages: Iterator[Message], options: PublishOptions
    ) -> None:
        link, left = self.link, True
        while link.epoch == delivery.epoch:
            self._changed.clear()
            room = min(link.quota, WAITING_MAX - len(delivery.waiting))
            if left and room > 0:
                some = list(islice(messages, room))
                left = len(some) == room
                delivery.waiting.update(link.publish(some, options))
            if not left and not delivery.waiting:
                return
            await self._changed.wait()


class Fanout(LinkListener):
    """Tells several listeners of one link."""

    def __init__(self, *listeners: LinkListener) -> None:
        self._listeners = listeners

    def link_confirmed(self, epoch: int, packet_id: int, code: int) -> None:
        for one in self._listeners:
            one.link_confirmed(epoch, packet_id, code)

    def link_closed(self, epoch: int, reason: str, *, taken_over: bool) -> None:
        for one in self._listeners:
            one.link_closed(epoch, reason, taken_over=taken_over)
