"""Line protocol: the point of a rating, under the key that its first fold fixed."""

import re
from functools import lru_cache
from typing import Final

from gateway.ports import RatingEvent

_SERIES_CACHED: Final = 16_384
_EMPLOYEE: Final = re.compile(r",employee=(?:\\.|[^,\\])*")
_ESCAPES: Final = str.maketrans({'"': r"\"", "\\": "\\\\", "\n": r"\n"})


def rating_line(event: RatingEvent, tags: str) -> str:
    """The point as it stands at this event; `tags` are escaped already."""
    event_id = event.event_id
    if '"' in event_id or "\\" in event_id or "\n" in event_id:
        event_id = event_id.translate(_ESCAPES)
    return (
        f"rating,{tags} level={event.level}i,score={event.score!r},"
        f'effective={"1i" if event.effective else "0i"},event_id="{event_id}",'
        f'version={event.version}i,flags="{",".join(event.flags)}" {event.point_ns}'
    )


@lru_cache(_SERIES_CACHED)
def without_employee(tags: str) -> str:
    """The tags for a sink that must not tell employees apart."""
    return _EMPLOYEE.sub("", tags)
