"""Elements that were kept back get another fate: approval, replay, refilled bucket."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from gateway.ledger.devices import Device
from gateway.ledger.queues import Kept
from gateway.ports import Record
from gateway.processing.admission import DEFERRAL_STEP_MS, Admission, Arrival
from gateway.processing.judging import Judging
from gateway.processing.quarantine import Quarantine
from gateway.processing.state import State

DEFERRED_STEP_MAX: Final = 1_000


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
        """Fold what a device sent before it was approved, in its order."""
        self.replay(self._state.queues.held(device.device_id))

    def replay(self, items: Sequence[Kept]) -> None:
        """Fold quarantined or held elements again."""
        state = self._state
        for repeated, group in groupby(items, key=lambda item: item.elements > 1):
            batch = [item for item in group if item.payload is not None]
            for item in batch:
                state.fates["quarantined", item.reason] -= item.elements
            state.queues.leave(item.id for item in batch)
            if not repeated:
                self._fold(_arrival(item) for item in batch)
                continue
            for item in batch:
                self._fold_repeated(item)

    def _fold_repeated(self, item: Kept) -> None:
        """An item that stands for several: the others share the first one's fate."""
        state = self._state
        before = _kept_back(state)
        self._fold([_arrival(item)])
        others = item.elements - 1
        if _kept_back(state) == before:
            state.fates["duplicate", ""] += others
            return
        again = next(iter(state.queues.kept([item.id])))
        state.fates["quarantined", again.reason] += others
        state.queues.add_count(item.id, others)

    def refill(self, device_id: str) -> None:
        """A deferral timer: fold what the device's bucket allows by now."""
        state = self._state
        device = state.by_id[device_id]
        state.touch(device)
        limit = min(int(device.tokens), DEFERRED_STEP_MAX)
        taken = state.queues.take_deferred(device.no, max(limit, 0))
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


def _kept_back(state: State) -> int:
    return sum(n for (name, _), n in state.fates.items() if name == "quarantined")
