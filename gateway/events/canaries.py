"""Which units of the outbox tell of a ghost's press."""

from typing import NamedTuple

from fleet.canary import is_ghost
from gateway.events.registry import CANARY_RECORDED
from gateway.ports import Event, HealthPoint, Unit


class Pressed(NamedTuple):
    """A ghost, by its device id, and when it pressed."""

    device_id: str
    pressed_ms: int


def pressed_of(unit: Unit) -> Pressed | None:
    """The press that a unit tells of; None: of none."""
    if isinstance(unit, Event) and unit.type == CANARY_RECORDED:
        return Pressed(unit.partition, unit.time_ms)
    if isinstance(unit, HealthPoint) and is_ghost(unit.device_id):
        return Pressed(unit.device_id, unit.point_ns // 1_000_000)
    return None
