"""Hop 4, the other way: what cannot be accepted is kept, counted and answered."""

import hashlib
from operator import itemgetter
from typing import Any, Final

from device_protocol.errors import ProtocolError, Reason
from device_protocol.messages import EventMessage
from gateway.ledger.devices import Device
from gateway.ports import Record
from gateway.processing.alerting.alerts import raise_alert
from gateway.processing.state import State
from gateway.redaction import payload_of, source_of

ITEMS_MAX: Final = 500_000
"""Items of the quarantine; beyond it the oldest are dropped, and an alert says so."""

Row = tuple[Any, ...]

_PLACE: Final = 1
_REASON: Final = 6


def fate_of(reason: str) -> tuple[str, str]:
    """The fate of an element that is kept back for this reason."""
    if reason == Reason.ID_CONFLICT.value:
        return "conflict", ""
    return "quarantined", reason


class Quarantine:
    """Collects a run's items and writes them at its end."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rows: list[Row] = []

    def refuse(
        self,
        record: Record,
        place: int,
        device_id: str | None,
        error: ProtocolError,
        state: str = "quarantined",
    ) -> None:
        """Keep an element with the reason; tell the terminal that waits for it."""
        self._add(record, place, device_id, error, state)
        device = self._state.by_id.get(device_id) if device_id else None
        if device is None or not device.receipts:
            return
        if state == "held" and error.event_id:
            self._state.emission.keep(device.device_id, error.event_id)
        elif state != "held":
            what = error.event_id or f"sha256:{source_of(record).hex()}"
            self._state.emission.reject(device.device_id, what, error.reason.value)

    def hold(
        self,
        record: Record,
        place: int,
        device: Device,
        element: EventMessage | ProtocolError,
    ) -> None:
        """Keep an element of a device not yet approved.

        What cannot be read without a profile is told to nobody who waits for a
        receipt, unless its id can: whether it is kept for good is not known yet.
        """
        detail = "waits until the device is approved"
        if isinstance(element, ProtocolError):
            detail += f"; by the protocol alone: {element.detail}"
        own = element.event_id, element.seq
        error = ProtocolError(Reason.UNKNOWN_DEVICE, detail, *own)
        self.refuse(record, place, device.device_id, error, state="held")

    def _add(
        self,
        record: Record,
        place: int,
        device_id: str | None,
        error: ProtocolError,
        state: str,
    ) -> None:
        reason = error.reason.value
        self._state.fates[fate_of(reason)] += 1
        head = f"{record.topic}\0{reason}\0".encode()
        source = source_of(record)
        record, detail = self._state.copies.refused(record, place, device_id, error)
        self._rows.append(
            (
                hashlib.sha256(head + source).digest()[:16],
                place,
                record.kind,
                record.topic,
                device_id,
                error.event_id,
                reason,
                detail[:500],
                payload_of(record),
                record.received_ms,
                self._state.now_ms,
                record.flags,
                error.seq,
                1,
                state,
            )
        )

    def weigh(self, others: int) -> bool:
        """Let the run's first item stand for others, too; False: there is none."""
        if not self._rows:
            return False
        row = self._rows[0]
        self._rows[0] = (*row[:-2], 1 + others, row[-1])
        self._state.fates[fate_of(str(row[_REASON]))] += others
        return True

    def save(self) -> None:
        """Write the items of a run, in the order of the journal."""
        if self._rows:
            self._rows.sort(key=itemgetter(_PLACE))
            self._state.queues.quarantine(self._rows)
            self._state.kept_items += len(self._rows)
            self._rows.clear()
            if self._state.kept_items > ITEMS_MAX:
                self._bound()

    def _bound(self) -> None:
        """When full, the oldest go: whoever floods us must not fill the disk.

        `kept_items` is never too low, so that the exact count alone decides.
        """
        state = self._state
        state.kept_items = state.queues.items()
        if state.kept_items > ITEMS_MAX:
            drop = state.kept_items - ITEMS_MAX + ITEMS_MAX // 100
            state.queues.shrink(drop)
            state.kept_items = state.queues.items()
            text = f"the quarantine held {ITEMS_MAX} items: the oldest were dropped"
            raise_alert(state, "quarantine_full", "quarantine", "critical", text)
