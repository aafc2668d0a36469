"""The keys of points: their tags and times, fixed at the first fold."""

from functools import lru_cache
from typing import Final

NS_PER_MS: Final = 1_000_000
_ESCAPES: Final = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\n": "\\ "})
_CACHED: Final = 4_096
"""Few names come again and again; what is a device's own, it keeps itself."""


def point_ns(occurred_ms: int, ordinal: int) -> int:
    """The time of a point: two ratings of one millisecond stay two."""
    return occurred_ms * NS_PER_MS + ordinal % NS_PER_MS


@lru_cache(_CACHED)
def tag(name: str, value: str | None) -> str:
    """`,name=value` escaped as line protocol wants it; nothing for no value."""
    if not value:
        return ""
    text = value.translate(_ESCAPES)
    # A backslash at the end would escape what follows in the line.
    return f",{name}={text}_" if text.endswith("\\") else f",{name}={text}"


def point_tags(  # noqa: PLR0913, PLR0917 -- one for each tag
    site: str | None,
    department: str | None,
    window: str | None,
    device_id: str,
    employee_id: str | None,
    scale: str,
    origin: str,
    medium: str,
) -> str:
    """The tags of a rating's point, in one order for ever."""
    return (
        f"{tag('site', site)}{tag('department', department)}{tag('window', window)}"
        f"{tag('device', device_id)}{tag('employee', employee_id)}"
        f"{tag('scale', scale)}{tag('origin', origin)}{tag('medium', medium)}"
    )[1:]


def health_tags(
    site: str | None, window: str | None, device_id: str, model: str | None
) -> str:
    """The tags of a heartbeat's point, in one order for ever."""
    return (
        f"{tag('site', site)}{tag('window', window)}{tag('device', device_id)}"
        f"{tag('model', model)}"
    )[1:]
