"""The lifecycle of a device (fleet health, "Registry")."""

from enum import StrEnum
from typing import Final


class Lifecycle(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"
    REFUSED = "refused"


ACCEPTING: Final = frozenset({Lifecycle.ACTIVE.value, Lifecycle.MAINTENANCE.value})

_MOVES: Final = {
    Lifecycle.ACTIVE: {
        Lifecycle.PENDING,
        Lifecycle.REFUSED,
        Lifecycle.MAINTENANCE,
        Lifecycle.ACTIVE,
    },
    Lifecycle.MAINTENANCE: {Lifecycle.ACTIVE, Lifecycle.MAINTENANCE},
    Lifecycle.RETIRED: {Lifecycle.ACTIVE, Lifecycle.MAINTENANCE, Lifecycle.RETIRED},
    Lifecycle.REFUSED: {Lifecycle.PENDING, Lifecycle.REFUSED},
    Lifecycle.PENDING: set[Lifecycle](),
}


def may_become(now: Lifecycle, wanted: Lifecycle) -> bool:
    """Whether an operator may move a device from `now` to `wanted`."""
    return now in _MOVES[wanted]


def is_reserved(device_id: str) -> bool:
    """Whether the id belongs to elements over HTTP, never to a terminal."""
    return device_id.startswith("http-")
