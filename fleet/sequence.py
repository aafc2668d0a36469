"""Gaps in a device's `seq` are known loss (device protocol v1, "Identity")."""

from enum import StrEnum
from typing import Final

import msgspec

RANGES_MAX: Final = 64
LOST_MAX: Final = 2**53 - 1  # as far as `seq` itself goes
BOOTS_MAX: Final = 8


class Sequence(msgspec.Struct, gc=False):
    """What a device's `seq` told so far.

    `missing` holds closed ranges in rising order. When more than `RANGES_MAX`
    would be open, the oldest is given up: its count stays lost for good.
    """

    last: int | None = None
    boot_id: str | None = None
    missing: tuple[tuple[int, int], ...] = ()
    given_up: int = 0
    boots: tuple[str, ...] = ()

    @property
    def missing_count(self) -> int:
        """Events known to be lost, in all epochs."""
        lost = self.given_up + sum(high - low + 1 for low, high in self.missing)
        return min(lost, LOST_MAX)


class Finding(StrEnum):
    REUSED = "seq_reused"
    RESET = "seq_reset"


def observe(state: Sequence, seq: int, boot_id: str | None) -> Finding | None:
    """Take in the `seq` of an event never seen before; changes `state`."""
    new_boot = boot_id is not None and boot_id not in state.boots
    if new_boot and boot_id is not None:
        state.boots = (*state.boots, boot_id)[-BOOTS_MAX:]
    if state.last is None or seq > state.last:
        if state.last is not None and seq > state.last + 1:
            _open_gap(state, state.last + 1, seq - 1)
        state.last, state.boot_id = seq, boot_id
        return None
    if _fill(state, seq):
        return None
    if new_boot and len(state.boots) > 1:
        state.last, state.boot_id = seq, boot_id
        return Finding.RESET
    return Finding.REUSED


def _open_gap(state: Sequence, low: int, high: int) -> None:
    ranges = (*state.missing, (low, high))
    if len(ranges) > RANGES_MAX:
        given_low, given_high = ranges[0]
        ranges = ranges[1:]
        lost = state.given_up + given_high - given_low + 1
        state.given_up = min(lost, LOST_MAX)
    state.missing = ranges


def _fill(state: Sequence, seq: int) -> bool:
    for index, (low, high) in enumerate(state.missing):
        if low <= seq <= high:
            rest = [(low, seq - 1), (seq + 1, high)]
            state.missing = (
                *state.missing[:index],
                *(part for part in rest if part[0] <= part[1]),
                *state.missing[index + 1 :],
            )
            return True
    return False
