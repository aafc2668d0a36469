"""Receipts: what the gateway keeps for a terminal, and what it could not accept.

A sink like any other: its units are what single blocks settle for single devices. The
lane waits a little, so that one request holds many blocks; here each device gets one
message of them all. A request is answered when the broker has confirmed every message.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from mqtt5 import PubAckReasonCode

from device_protocol import topics
from device_protocol.downlink import encode_receipts
from device_protocol.messages import Rejected
from gateway import crashpoints
from gateway.clock import Clock
from gateway.downlink.publishing import Message, Publishing
from gateway.ports import Answer, Receipt, Unit, Verdict

TIMEOUT_MS: Final = 10_000
_DIGEST: Final = "sha256:"
_TRANSIENT: Final = frozenset(
    {
        int(PubAckReasonCode.UNSPECIFIED_ERROR),
        int(PubAckReasonCode.IMPLEMENTATION_SPECIFIC_ERROR),
        int(PubAckReasonCode.PACKET_ID_IN_USE),
        int(PubAckReasonCode.QUOTA_EXCEEDED),
    }
)


class ReceiptsSink(Publishing):
    """Publishes receipts over a link; one request at a time."""

    def __init__(self, root: str, clock: Clock, timeout_ms: int = TIMEOUT_MS) -> None:
        super().__init__()
        self._root = root
        self._clock = clock
        self._timeout_ms = timeout_ms

    async def send(self, units: Sequence[Unit]) -> Answer:
        count = len(units)
        if not self.link.epoch:
            return Answer(Verdict.RETRY, count, detail="the broker is away")
        crashpoints.reach("receipt.before_publish")
        try:
            done = await self.publish(self._messages(units), self._timeout_ms)
        except TimeoutError:
            detail = "the broker did not confirm in time"
            return Answer(Verdict.RETRY, count, detail=detail)
        if self.lost(done):
            return Answer(Verdict.RETRY, count, detail="the connection was lost")
        return _judge(done.failed, count)

    async def close(self) -> None:
        """The link is not ours to close."""

    def _messages(self, units: Sequence[Unit]) -> Iterator[Message]:
        """One message a device, more only where one would be too large."""
        merged: dict[str, tuple[list[str], list[tuple[str, str]]]] = {}
        for unit in units:
            assert isinstance(unit, Receipt), "events go to other sinks"
            known = merged.get(unit.device_id)
            if known is None:
                merged[unit.device_id] = ([*unit.event_ids], [*unit.rejected])
            else:
                known[0].extend(unit.event_ids)
                known[1].extend(unit.rejected)
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


def _judge(failed: Sequence[int], count: int) -> Answer:
    if not failed:
        return Answer(Verdict.DELIVERED, count)
    hopeless = [code for code in failed if code not in _TRANSIENT]
    verdict = Verdict.REFUSED if hopeless else Verdict.RETRY
    code = (hopeless or failed)[0]
    return Answer(verdict, count, code, f"the broker refused {len(failed)}")
