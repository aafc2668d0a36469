"""Counts by local hour, day and month: what every figure is made of.

A key packs time, dimensions and slot into one integer that rises with time, so that
today's counts lie together: hour or day, number of the dimensions, slot.
"""

from datetime import date
from typing import Final

from gateway.ratings.cells import (
    AWAITING,
    CUSTOMERS,
    DEFAULTS,
    ELIGIBLE,
    EXCLUDED,
    INVITED,
    LOST,
    RATED,
    REASON,
    RECEIVED,
    UNKNOWN_REASON,
    VOIDED,
    level_slot,
)
from gateway.ratings.scoring import LEVELS

_REASONS: Final = (
    "not_invited",
    "exempt",
    "refused",
    "left",
    "device_fault",
    "timeout",
    UNKNOWN_REASON,
)
SLOTS: Final = (
    *(
        level_slot(origin, level, excluded=excluded)
        for origin in (*CUSTOMERS, *DEFAULTS)
        for level in LEVELS
        for excluded in (False, True)
    ),
    *(ELIGIBLE, RATED, RATED + EXCLUDED, INVITED, AWAITING, VOIDED, RECEIVED, LOST),
    *(REASON + reason for reason in _REASONS),
)
"""Their order is part of the stored keys: new ones are appended."""

SLOT_BITS: Final = 6
NUMBER_BITS: Final = 30
SLOT_MASK: Final = (1 << SLOT_BITS) - 1
NUMBER_MASK: Final = (1 << NUMBER_BITS) - 1
HOURS: Final = 24
MONTHS: Final = 12
_SLOT_OF: Final = {name: number for number, name in enumerate(SLOTS)}
PERIOD_SHIFT: Final = SLOT_BITS + NUMBER_BITS
assert len(SLOTS) <= 1 << SLOT_BITS

FigureKey = tuple[int, int, str, str, str]
"""Binding, device number, employee, service code, part; "" is none."""
SHARED: Final = "shared"
"""The kind of part that counts for who else is credited."""
KEPT_OUT: Final = "kept_out"
"""Among a rating's details: a flag excluded it when it was counted."""


def slot_of(name: str) -> int:
    """The number of a slot; a reason that is not in the protocol is unknown."""
    known = _SLOT_OF.get(name)
    return _SLOT_OF[REASON + UNKNOWN_REASON] if known is None else known


def packed(period: int, number: int, slot: int) -> int:
    return period << PERIOD_SHIFT | number << SLOT_BITS | slot


def bounds(first: int, end: int) -> tuple[int, int]:
    """The half-open range of keys of these periods."""
    return first << PERIOD_SHIFT, end << PERIOD_SHIFT


def unpacked(key: int) -> tuple[int, int, str]:
    """Period, number of the dimensions, name of the slot."""
    return key >> PERIOD_SHIFT, key >> SLOT_BITS & NUMBER_MASK, SLOTS[key & SLOT_MASK]


def month_of(day: int) -> int:
    """The number of the month that a day's ordinal lies in."""
    of = date.fromordinal(day)
    return of.year * MONTHS + of.month - 1
