"""Line protocol: points under the keys that their first fold fixed."""

from functools import lru_cache
from typing import Final

from gateway.ports import HealthPoint, RatingEvent, Unit

_ESCAPES: Final = str.maketrans({'"': r"\"", "\\": "\\\\", "\n": r"\n"})


def rating_line(event: RatingEvent) -> str:
    """The point as it stands at this event; its tags are escaped already."""
    event_id = event.event_id
    if '"' in event_id or "\\" in event_id or "\n" in event_id:
        event_id = event_id.translate(_ESCAPES)
    fields = _fields(event.level, event.score, event.effective)
    flags = ",".join(event.flags) if event.flags else ""
    return (
        f'rating,{event.tags} {fields},event_id="{event_id}",'
        f'version={event.version}i,flags="{flags}" {event.point_ns}'
    )


@lru_cache(1024)
def _fields(level: int, score: float, effective: bool) -> str:  # noqa: FBT001 -- by position: cached
    return f"level={level}i,score={score!r},effective={int(effective)}i"


def health_line(point: HealthPoint) -> str:
    """The point of a heartbeat; its tags and fields are escaped already."""
    return f"{point.type},{point.tags} {point.fields} {point.point_ns}"


def line_of(unit: Unit) -> str:
    """The line of a unit that is addressed to time series."""
    if isinstance(unit, RatingEvent):
        return rating_line(unit)
    assert isinstance(unit, HealthPoint), "neither a rating nor a heartbeat"
    return health_line(unit)
