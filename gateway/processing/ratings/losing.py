"""Events known to be lost, counted beside the ratings that came: completeness."""

from typing import Final

from fleet.sequence import RANGES_MAX
from gateway.ledger.devices import Device
from gateway.ledger.figures import packed, slot_of
from gateway.ledger.losses import Losses
from gateway.processing.memory.counting import cell_key
from gateway.processing.ratings.bindings import TERMINAL
from gateway.processing.state import State
from gateway.ratings.cells import LOST

_SLOT: Final = slot_of(LOST)
KEPT_MAX: Final = 2 * RANGES_MAX
"""Gaps of a device that are remembered: late numbers cut them in two."""


def count_lost(state: State, device: Device, low: int, high: int, *, age: int) -> None:
    """A gap has come to light: it counts in this hour until its numbers come.

    `age` is that of its epoch: how many began since.
    """
    key = _key(state, device)
    losses = Losses(state.store)
    losses.open(device.no, low, high, key, age)
    losses.keep(device.no, KEPT_MAX)
    state.counting.move((), ((key, high - low + 1),))


def count_found(state: State, device: Device, seq: int, age: int) -> None:
    """A number that was missing has come after all."""
    losses = Losses(state.store)
    loss = losses.around(device.no, seq, age)
    if loss is None:  # given up: it stays lost
        return
    losses.close(loss)
    for low, high in ((loss.low, seq - 1), (seq + 1, loss.high)):
        if low <= high:
            losses.open(device.no, low, high, loss.key, loss.former)
    state.counting.move(((loss.key, 1),), ())


def _key(state: State, device: Device) -> int:
    """Where a device's losses count: when it was last heard, where it stands."""
    scale = state.profiles.scale(device.profile)
    binding = state.bind(device.site, device.department, device.window, TERMINAL, scale)
    at_ms = device.last_seen_ms or state.now_ms
    number = state.counting.number(cell_key(binding.no, device.no, None))
    return packed(state.rulings[device.site].hours.of(at_ms), number, _SLOT)
