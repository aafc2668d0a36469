"""Receipts: what the gateway keeps for a terminal, and what it could not accept.

A sink like any other: its units are what single blocks settle for single devices. The
lane waits a little, so that one request holds many blocks; here each device gets one
message of them all. A request is answered when the broker has confirmed every message.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from mqtt5 import PubAckReasonCode

from device_protocol import topics
from device_protocol.downlink import encode_receipts
from device_protocol.messages import Rejected
from gateway import crashpoints
from gateway.clock import Clock
from gateway.ports import Answer, Link, LinkListener, Receipt, Unit, Verdict

TIMEOUT_MS: Final = 10_000
WAITING_MAX: Final = 500
"""Messages of a request that wait for the broker's word at a time."""
_DIGEST: Final = "sha256:"
_FAILED_MIN: Final = 0x80
_TRANSIENT: Final = frozenset(
    {
        int(PubAckReasonCode.UNSPECIFIED_ERROR),
        int(PubAckReasonCode.IMPLEMENTATION_SPECIFIC_ERROR),
        int(PubAckReasonCode.PACKET_ID_IN_USE),
        int(PubAckReasonCode.QUOTA_EXCEEDED),
    }
)

Message = tuple[str, bytes]


class _Delivery(NamedTuple):
    """Messages on their way in one connection, by packet id until confirmed."""

    epoch: int
    waiting: set[int]
    codes: list[int]


class ReceiptsSink(LinkListener):
    """Publishes receipts over a link of its own; one request at a time."""

    def __init__(self, root: str, clock: Clock, timeout_ms: int = TIMEOUT_MS) -> None:
        self._root = root
        self._clock = clock
        self._timeout_ms = timeout_ms
        self._link: Link | None = None
        self._delivery: _Delivery | None = None
        self._changed = asyncio.Event()

    def attach(self, link: Link) -> None:
        """The link whose listener this is."""
        self._link = link

    async def send(self, units: Sequence[Unit]) -> Answer:
        link = self._link
        assert link is not None, "attach a link first"
        assert self._delivery is None, "one request at a time"
        if not link.epoch:
            return Answer(Verdict.RETRY, len(units), detail="the broker is away")
        crashpoints.reach("receipt.before_publish")
        self._delivery = delivery = _Delivery(link.epoch, set(), [])
        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                await self._publish(link, delivery, self._messages(units))
        except TimeoutError:
            detail = "the broker did not confirm in time"
            return Answer(Verdict.RETRY, len(units), detail=detail)
        finally:
            self._delivery = None
        return _judge(delivery, len(units), lost=link.epoch != delivery.epoch)

    async def close(self) -> None:
        """The link is not ours to close."""

    def link_confirmed(self, epoch: int, packet_id: int, code: int) -> None:
        delivery = self._delivery
        if delivery is not None and epoch == delivery.epoch:
            delivery.waiting.discard(packet_id)
            if code >= _FAILED_MIN:
                delivery.codes.append(code)
            self._changed.set()

    def link_closed(self, epoch: int, reason: str, *, taken_over: bool) -> None:  # noqa: ARG002 -- as it is called
        self._changed.set()

    async def _publish(
        self, link: Link, delivery: _Delivery, messages: Iterator[Message]
    ) -> None:
        """Send as the broker has room, until all is confirmed or the link is lost.

        Messages are made when they can be sent: ten thousand at once take megabytes.
        """
        left = True
        while link.epoch == delivery.epoch:
            self._changed.clear()
            room = min(link.quota, WAITING_MAX - len(delivery.waiting))
            if left and room > 0:
                some = list(islice(messages, room))
                left = len(some) == room
                delivery.waiting.update(link.publish(some))
            if not left and not delivery.waiting:
                return
            await self._changed.wait()

    def _messages(self, units: Sequence[Unit]) -> Iterator[Message]:
        """One message a device, more only where one would be too large."""
        merged: dict[str, tuple[list[str], list[tuple[str, str]]]] = {}
        for unit in units:
            assert isinstance(unit, Receipt), "events go to other sinks"
            event_ids, rejected = merged.setdefault(unit.device_id, ([], []))
            event_ids += unit.event_ids
            rejected += unit.rejected
        at_ms = self._clock.wall_ms()
        for device_id, (event_ids, rejected) in merged.items():
            topic = topics.topic(self._root, device_id, topics.Channel.RECEIPT)
            # The same id may be settled by several blocks; one mention is enough.
            refused = [_refusal(what, why) for what, why in dict(rejected).items()]
            kept = list(dict.fromkeys(event_ids))
            for payload in encode_receipts(at_ms, kept, refused):
                yield topic, payload


def _refusal(what: str, reason: str) -> Rejected:
    if what.startswith(_DIGEST):
        return Rejected(reason, payload_sha256=what.removeprefix(_DIGEST))
    return Rejected(reason, event_id=what)


def _judge(delivery: _Delivery, count: int, *, lost: bool) -> Answer:
    if lost:
        return Answer(Verdict.RETRY, count, detail="the connection was lost")
    if not delivery.codes:
        return Answer(Verdict.DELIVERED, count)
    code = delivery.codes[0]
    hopeless = [it for it in delivery.codes if it not in _TRANSIENT]
    if hopeless:
        code = hopeless[0]
    verdict = Verdict.REFUSED if hopeless else Verdict.RETRY
    return Answer(verdict, count, code, f"the broker refused {len(delivery.codes)}")
