"""The situations a terminal is walked through, one after the other."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec
from mqtt5 import PublishPacket, QoS

from device_protocol.topics import Channel, topic
from simulators.conformance.evidence import Event, Evidence
from simulators.pretend.broker.service import PretendBroker
from simulators.pretend.broker.sessions import Session
from simulators.pretend.broker.stream import VERSION_5
from simulators.pretend.faults import Conduct, Fault

_QUOTA: Final = 0x97
_RESEND_S: Final = 30.0
_EARLY: Final = 0.5  # of the asked wait, jitter included
_LATE: Final = 2.2
_GROWTH_MIN: Final = 1.3  # of one wait over the one before; twice, less the jitter


@dataclass(frozen=True)
class Pace:
    """How long to wait: for people and networks, and for the protocol's own times.

    `time_factor` shortens the protocol's times for terminals whose clock runs as
    fast, such as simulated ones.
    """

    patience_s: float = 60.0
    time_factor: float = 1.0

    @property
    def resend_s(self) -> float:
        return _RESEND_S * self.time_factor

    @property
    def grace_s(self) -> float:
        """What may still be on its way when a receipt leaves."""
        return 2.0 * max(self.time_factor, 0.05)


class Director:
    """Plays the gateway behind the test broker, and makes trouble on purpose."""

    def __init__(
        self,
        broker: PretendBroker,
        evidence: Evidence,
        pace: Pace,
        tell: Callable[[str], None],
    ) -> None:
        self._broker = broker
        self._evidence = evidence
        self._pace = pace
        self._tell = tell
        self._withholding = False
        self._rejecting = False
        self._chosen: str | None = None  # the event a situation is about
        self._news = asyncio.Event()
        self._gateway = Session("conformance", 0, broker.broker.counts)
        evidence.on_event = self._receipt
        evidence.stirred = self._news.set

    async def run(self) -> None:
        """Walk through all situations; the evidence knows the outcome."""
        evidence = self._evidence
        self._tell("Connect the terminal to the test broker.")
        if not await self._until(lambda: evidence.connection.number > 0):
            return
        await self._until(lambda: evidence.connection.birth is not None)
        self._tell("Press a key: an ordinary rating.")
        if await self._pressed() is None:
            return
        if evidence.receipts_reach_it():
            evidence.show("receipts")
        elif evidence.receipts_wanted:
            evidence.break_("receipts", "capabilities.receipts, but no subscription")
        else:
            evidence.break_("receipts", "no capabilities.receipts in its birth")
        await self._unanswered()
        await self._not_taken()
        if evidence.receipts_reach_it():
            await self._withheld()
            await self._final()
        await self._goodbye()

    # ----- situations

    async def _unanswered(self) -> None:
        """A publish that is never answered, and a connection that breaks."""
        self._tell("Press a key: it will not be answered, the connection will break.")
        event = await self._pressed_with(Fault(conduct=Conduct.NO_ANSWER))
        if event is None:
            return
        await self._cut()
        await self._expect_again(event, "unanswered_resent", "after reconnecting")

    async def _not_taken(self) -> None:
        """A broker that says openly that it did not take the message."""
        if self._evidence.version < VERSION_5:
            self._evidence.skip("not_taken_resent")
            return
        self._tell("Press a key: the broker will answer that its quota is exceeded.")
        event = await self._pressed_with(Fault(status=_QUOTA))
        if event is None:
            return
        if not await self._again(event, 1, self._pace.resend_s * _LATE):
            await self._cut()  # some send again only then
        await self._expect_again(event, "not_taken_resent", "after PUBACK 0x97")

    async def _withheld(self) -> None:
        """PUBACK, and no receipt."""
        evidence, resend_s = self._evidence, self._pace.resend_s
        waits_s = resend_s * _LATE, 2 * resend_s * _LATE
        self._tell(f"Press a key: no receipt will come for {sum(waits_s):.0f} s.")
        self._withholding = True
        event = await self._pressed()
        if event is not None and await self._again(event, 1, waits_s[0]):
            first_s = event.sent_s[1] - event.sent_s[0]
            evidence.show("receipt_resend")
            if first_s < resend_s * _EARLY:
                evidence.break_("receipt_resend", f"again after {first_s:.1f} s")
            if await self._again(event, 2, waits_s[1]):
                second_s = event.sent_s[2] - event.sent_s[1]
                evidence.show("backoff")
                if second_s < first_s * _GROWTH_MIN:
                    both = f"{first_s:.1f} s, then {second_s:.1f} s"
                    evidence.break_("backoff", f"waits of {both}")
            else:
                evidence.break_("backoff", f"no second resend in {waits_s[1]:.0f} s")
        elif event is not None:
            evidence.break_("receipt_resend", f"nothing in {waits_s[0]:.0f} s")
        self._withholding = False
        for kept in list(evidence.events.values()):
            if kept.settled_s is None:
                self._receipt(kept)

    async def _final(self) -> None:
        """A receipt that says: kept; another that says: never send this again."""
        evidence, quiet_s = self._evidence, self._pace.resend_s * _LATE
        self._tell("Press a key: it will be receipted at once.")
        if await self._pressed() is None:
            return
        self._tell(f"Press a key: it will be rejected; then wait {quiet_s:.0f} s.")
        self._rejecting = True
        event = await self._pressed()
        self._rejecting = False
        if event is None:
            return
        clauses = {"receipt_final", "rejected_final"}
        await self._until(lambda: clauses <= set(evidence.findings), quiet_s)
        for clause in clauses:
            evidence.show(clause)

    async def _goodbye(self) -> None:
        """A clean end."""
        evidence = self._evidence
        self._tell("Switch the terminal off in good order.")
        if not await self._until(lambda: not evidence.connected):
            return
        if not evidence.parted_in_order:
            evidence.break_("goodbye", "it broke off without DISCONNECT")
        elif not evidence.connection.said_offline:
            evidence.break_("goodbye", "DISCONNECT, and its presence still says online")
        evidence.show("goodbye")

    # ----- means

    async def _until(
        self, done: Callable[[], bool], within_s: float | None = None
    ) -> bool:
        """Wait until `done`, at most `within_s` (else the patience)."""
        patience_s = self._pace.patience_s if within_s is None else within_s
        try:
            async with asyncio.timeout(patience_s):
                while not done():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def _pressed(self) -> Event | None:
        """The next new event; None when none comes in time."""
        events, before = self._evidence.events, len(self._evidence.events)
        if not await self._until(lambda: len(events) > before):
            within = f"within {self._pace.patience_s:.0f} s"
            self._tell(f"No acceptable new rating came {within}.")
            return None
        return list(events.values())[before]

    async def _pressed_with(self, fault: Fault) -> Event | None:
        """The next new event, and only it meets the fault and has no receipt."""
        where = topic(self._evidence.root, self._evidence.device_id, Channel.RATING)
        everything = re.escape(f"publish {self._evidence.client_id} {where}")
        self._chosen = ""
        once = msgspec.structs.replace(fault, match=everything, count=1)
        self._broker.faults.replace([once])
        event = await self._pressed()
        self._broker.faults.replace([])
        return event

    async def _expect_again(self, event: Event, clause: str, when: str) -> None:
        evidence, patience_s = self._evidence, self._pace.patience_s
        await self._until(lambda: evidence.connected)
        within_s = min(patience_s, self._pace.resend_s * _LATE)
        if await self._again(event, 1, within_s):
            evidence.show(clause)
        else:
            detail = f"{event.event_id} did not come {when}"
            evidence.break_(clause, detail)
        self._chosen = None
        if event.settled_s is None:
            self._receipt(event)

    async def _again(self, event: Event, times: int, within_s: float) -> bool:
        """Whether it has been sent so many times more than once."""
        return await self._until(lambda: len(event.sent_s) > times, within_s)

    async def _cut(self) -> None:
        """Break its connection, and wait until that is done."""
        self._broker.cut(re.compile(re.escape(self._evidence.client_id) + r"\Z"))
        connection = self._evidence.connection.number
        await self._until(
            lambda: (
                not self._evidence.connected
                or self._evidence.connection.number > connection
            )
        )

    def _receipt(self, event: Event) -> None:
        """Tell the terminal that its event is kept, or not accepted."""
        if self._chosen == "" and len(event.sent_s) == 1:
            self._chosen = event.event_id
        if self._withholding or self._chosen == event.event_id:
            return
        evidence = self._evidence
        rejected = self._rejecting if event.settled_s is None else event.rejected
        kept = [] if rejected else [event.event_id]
        refused = [{"event_id": event.event_id, "reason": "schema"}] if rejected else []
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        receipt = {"at": at, "event_ids": kept, "rejected": refused}
        packet = PublishPacket(
            topic(evidence.root, evidence.device_id, Channel.RECEIPT),
            json.dumps(receipt).encode(),
            qos=QoS.AT_LEAST_ONCE,
            packet_id=1,
        )
        if self._broker.broker.publish(self._gateway, packet):
            evidence.settle(event, rejected=rejected)
