"""Line protocol: the point of a rating, under the key that its first fold fixed."""

from typing import Final

from gateway.ports import RatingEvent

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
