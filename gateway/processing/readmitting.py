"""Elements that were kept back get another fate: approval, replay, refilled bucket."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from gateway.ledger.devices import Device
from gateway.ledger.queues import Kept
from gateway.ports import Record
from gateway.processing.admission import DEFERRAL_STEP_MS, Admission, Arrival
from gateway.processing.judging import Judging
from gateway.processing.quarantine import Quarantine, fate_of
from gateway.processing.state import BUCKET_ELEMENTS, State

HELD_STEP_MAX: Final = int(BUCKET_ELEMENTS)
DEFERRED_STEP_MAX: Final = 1_000
DEFERRED_CHUNK: Final = 20  # arrays may hold far more elements than the bucket has


class Readmitting:
    """Folds records later than they came, with their own place and receipt time."""

    def __init__(
        self,
        state: State,
        quarantine: Quarantine,
        admission: Admission,
        judging: Judging,
    ) -> None:
        self._state = state
        self._quarantine = quarantine
        self._admission = admission
        self._judging = judging

    def approve(self, device: Device) -> None:
        """Fold what a device sent before it was approved, in its order.

        Beyond its bucket the rest is deferred, and what comes from now on behind it.
        """
        held = self._state.queues.held
        self.replay(held(device.device_id, HELD_STEP_MAX))
        while items := held(device.device_id, HELD_STEP_MAX):
            self._leave(items)
            for item in items:
                arrival = _arrival(item)
                self._admission.defer(arrival.record, arrival.place, device)
                self._state.fates["duplicate", ""] += item.elements - 1
            self._quarantine.save()

    def replay(self, items: Sequence[Kept]) -> None:
        """Fold quarantined or held elements again."""
        self._leave(items)  # all first: what one becomes may add to another one
        for repeated, batch in groupby(items, key=lambda item: item.elements > 1):
            if not repeated:
                self._fold(_arrival(item) for item in batch)
                continue
            for item in batch:
                self._fold_repeated(item)

    def _leave(self, items: Sequence[Kept]) -> None:
        """The elements that these items stand for get another fate."""
        for item in items:
            self._state.fates[fate_of(item.reason)] -= item.elements
        self._state.queues.leave(item.id for item in items)

    def _fold_repeated(self, item: Kept) -> None:
        """An item that stands for several: the others share the first one's fate."""
        others = item.elements - 1
        self._judging.judge(self._admission.readmit([_arrival(item)]))
        if not self._quarantine.weigh(others):
            self._state.fates["duplicate", ""] += others
        self._quarantine.save()

    def refill(self, device_id: str) -> None:
        """A deferral timer: fold what the device's bucket allows by now."""
        state = self._state
        device = state.by_id[device_id]
        state.touch(device)
        left = DEFERRED_STEP_MAX
        while left > 0 and device.tokens >= 1 and device.deferred:
            limit = min(int(device.tokens), DEFERRED_CHUNK)
            taken = state.queues.take_deferred(device.no, limit)
            left -= limit
            device.deferred -= len(taken)
            state.fates["deferred", "rate"] -= len(taken)
            self._fold(Arrival(one.place, Record(*one[1:])) for one in taken)
        if device.deferred:
            state.set_timer(state.now_ms + DEFERRAL_STEP_MS, "deferral", device_id)

    def _fold(self, arrivals: Iterable[Arrival]) -> None:
        self._judging.judge(self._admission.readmit(list(arrivals)))
        self._quarantine.save()


def _arrival(item: Kept) -> Arrival:
    assert item.payload is not None
    record = Record(item.kind, item.topic, item.payload, item.received_ms, item.flags)
    return Arrival(item.place, record)
