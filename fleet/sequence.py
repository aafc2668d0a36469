"""Gaps in a device's `seq` are known loss (device protocol v1, "Identity").

Numbers that begin again with a new `boot_id` are of a new epoch. A press of an epoch
that is over may come late, from a buffer: its number belongs to its own epoch.
"""

from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

Range = tuple[int, int]
RANGES_MAX: Final = 64
LOST_MAX: Final = 2**53 - 1  # as far as `seq` itself goes
BOOTS_MAX: Final = 8
FORMER_MAX: Final = 7


class Former(msgspec.Struct, gc=False, omit_defaults=True):
    """An epoch that is over: its numbers are given out again."""

    last: int
    boots: tuple[str, ...]
    missing: tuple[Range, ...] = ()
    first: int | None = None


class Sequence(msgspec.Struct, gc=False):
    """What a device's `seq` told so far.

    `missing` holds closed ranges in rising order. When more than `RANGES_MAX`
    would be open, the oldest is given up: its count stays lost for good, as do those
    of an epoch that `FORMER_MAX` later ones have followed. `former` begins with the
    latest of those that are over. `first` is the number that an epoch became known by,
    where its boot was told: one below is neither used nor known to be lost.
    """

    last: int | None = None
    boot_id: str | None = None
    missing: tuple[Range, ...] = ()
    given_up: int = 0
    boots: tuple[str, ...] = ()
    former: tuple[Former, ...] = ()
    first: int | None = None

    @property
    def missing_count(self) -> int:
        """Events known to be lost, in all epochs."""
        epochs: tuple[_Epoch, ...] = (self, *self.former)
        return min(self.given_up + sum(_count(one.missing) for one in epochs), LOST_MAX)


_Epoch = Sequence | Former


class Finding(StrEnum):
    REUSED = "seq_reused"
    RESET = "seq_reset"


class Observed(NamedTuple):
    """What a number tells of its epoch; `age` counts those that began since.

    `opened` is a gap that it leaves before it, `filled`: it was missing until now.
    """

    finding: Finding | None = None
    age: int = 0
    opened: Range | None = None
    filled: bool = False


def observe(state: Sequence, seq: int, boot_id: str | None) -> Observed:
    """Take in the `seq` of an event never seen before; changes `state`."""
    age = _age_of(state, boot_id)
    if age:
        return _rise(state, state.former[age - 1], seq, age)
    unseen = boot_id is not None and boot_id not in state.boots
    if state.last is None or seq > state.last:
        if state.last is None and boot_id is not None:
            state.first = seq
        found = _rise(state, state, seq, 0)
        _meet(state, boot_id)
        state.boot_id = boot_id
        return found
    filled = _fill_any(state, seq, boot_id)
    anew = filled is None and unseen and bool(state.boots)
    if anew:
        _leave(state)
        state.first = state.last = seq
        state.boot_id = boot_id
    _meet(state, boot_id)
    if anew:
        return Observed(Finding.RESET)
    return filled or _used(state, seq, 0)


def _age_of(state: Sequence, boot_id: str | None) -> int:
    """The epoch that a boot was of; 0: the present one, or none that is known."""
    if boot_id is None or boot_id == state.boot_id:
        return 0
    ages = (age for age, one in enumerate(state.former, 1) if boot_id in one.boots)
    return next(ages, 0)


def _meet(state: Sequence, boot_id: str | None) -> None:
    if boot_id is not None and boot_id not in state.boots:
        state.boots = (*state.boots, boot_id)[-BOOTS_MAX:]


def _rise(state: Sequence, epoch: _Epoch, seq: int, age: int) -> Observed:
    """A number of an epoch: the next one, one beyond a gap, one missing, or used."""
    last = epoch.last
    if last is not None and seq <= last:
        if _fill(epoch, seq):
            return Observed(age=age, filled=True)
        return _used(epoch, seq, age)
    epoch.last = seq
    if last is None or seq == last + 1:
        return Observed(age=age)
    opened = (last + 1, seq - 1)
    epoch.missing = (*epoch.missing, opened)
    _bound(state)
    return Observed(age=age, opened=opened)


def _used(epoch: _Epoch, seq: int, age: int) -> Observed:
    """A number that is not missing, from before the last one."""
    before = epoch.first is not None and seq < epoch.first
    return Observed(None if before else Finding.REUSED, age)


def _leave(state: Sequence) -> None:
    """The present epoch is over."""
    assert state.last is not None
    over = Former(state.last, state.boots, state.missing, state.first)
    epochs = (over, *state.former)
    for gone in epochs[FORMER_MAX:]:
        _give_up(state, gone.missing)
    state.former, state.missing, state.boots = epochs[:FORMER_MAX], (), ()


def _bound(state: Sequence) -> None:
    """Give up the oldest gap when there are too many."""
    epochs: tuple[_Epoch, ...] = (*reversed(state.former), state)
    if sum(len(one.missing) for one in epochs) > RANGES_MAX:
        oldest = next(one for one in epochs if one.missing)
        _give_up(state, oldest.missing[:1])
        oldest.missing = oldest.missing[1:]


def _give_up(state: Sequence, missing: tuple[Range, ...]) -> None:
    state.given_up = min(state.given_up + _count(missing), LOST_MAX)


def _count(missing: tuple[Range, ...]) -> int:
    return sum(high - low + 1 for low, high in missing)


def _fill_any(state: Sequence, seq: int, boot_id: str | None) -> Observed | None:
    """Fill a gap of the present epoch; without a boot, else one of any epoch."""
    epochs: tuple[_Epoch, ...] = (state,)
    if boot_id is None:
        epochs = (state, *state.former)
    filled = (age for age, one in enumerate(epochs) if _fill(one, seq))
    age = next(filled, None)
    return None if age is None else Observed(age=age, filled=True)


def _fill(epoch: _Epoch, seq: int) -> bool:
    for index, (low, high) in enumerate(epoch.missing):
        if low <= seq <= high:
            rest = [(low, seq - 1), (seq + 1, high)]
            epoch.missing = (
                *epoch.missing[:index],
                *(part for part in rest if part[0] <= part[1]),
                *epoch.missing[index + 1 :],
            )
            return True
    return False
