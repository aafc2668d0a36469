"""Line protocol: points under the keys that their first fold fixed."""

from typing import Final

from gateway.ports import HealthPoint, RatingEvent, Unit

_ESCAPES: Final = str.maketrans({'"': r"\"", "\\": "\\\\", "\n": r"\n"})


def rating_line(event: RatingEvent) -> str:
    """The point as it stands at this event; its tags are escaped already."""
    event_id = event.event_id
    if '"' in event_id or "\\" in event_id or "\n" in event_id:
        event_id = event_id.translate(_ESCAPES)
    return (
        f"rating,{event.tags} level={event.level}i,score={event.score!r},"
        f'effective={"1i" if event.effective else "0i"},event_id="{event_id}",'
        f'version={event.version}i,flags="{",".join(event.flags)}" {event.point_ns}'
    )


def health_line(point: HealthPoint) -> str:
    """The point of a heartbeat; its tags and fields are escaped already."""
    return f"{point.type},{point.tags} {point.fields} {point.point_ns}"


def line_of(unit: Unit) -> str:
    """The line of a unit that is addressed to time series."""
    if isinstance(unit, RatingEvent):
        return rating_line(unit)
    assert isinstance(unit, HealthPoint), "neither a rating nor a heartbeat"
    return health_line(unit)
