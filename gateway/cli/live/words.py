"""Figures as people read them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from gateway.cli.live.figures import FATES, Pipeline

FACES: Final = {5: ":-D", 4: ":-)", 3: ":-|", 2: ":-(", 1: ">:("}
_LEVELS: Final = {
    5: "very satisfied",
    4: "satisfied",
    3: "neutral",
    2: "dissatisfied",
    1: "very dissatisfied",
}
_SATISFIED: Final = (5, 4)
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_KIB: Final = 1024
_SMALL: Final = 10


def level_words(level: int | None) -> str:
    """`:-) satisfied`; what is outside the scale says so."""
    if level is None or level not in _LEVELS:
        return "    outside the scale"
    return f"{FACES[level]} {_LEVELS[level]}"


def number(value: int) -> str:
    return f"{value:,}"


def rate(per_s: float | None) -> str:
    """Blank while it cannot be told."""
    if per_s is None:
        return ""
    return f"{per_s:,.1f}/s" if per_s < _SMALL else f"{per_s:,.0f}/s"


def megabytes(size: int) -> str:
    return f"{size / _KIB**2:,.0f} MiB" if size >= _KIB**2 else f"{size // _KIB} KiB"


def duration(seconds: float) -> str:
    """`0.3 s`, `42 s`, `3 min`, `5 h`, `2 d`."""
    if seconds < _SMALL:
        return f"{seconds:.1f} s"
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR_S:
        return f"{seconds // _MINUTE_S:.0f} min"
    if seconds < 2 * _DAY_S:
        return f"{seconds // _HOUR_S:.0f} h"
    return f"{seconds // _DAY_S:.0f} d"


def latency(ms: int) -> str:
    """`+12 ms`; a terminal's clock may be ahead of ours."""
    return f"{ms:+,} ms" if abs(ms) < 10 * 1000 else f"{ms / 1000:+,.0f} s"


def clock(at_ms: int) -> str:
    """The time of day in the zone of whoever looks."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%H:%M:%S")


def other_fates(pipeline: Pipeline) -> str:
    """The fates besides accepted that any element has had."""
    counts = ((fate, getattr(pipeline, fate)) for fate in FATES[1:])
    return ", ".join(f"{number(count)} {fate}" for fate, count in counts if count)


def satisfaction(levels: Mapping[int, int]) -> str:
    """The share of the two best levels, in percent with two places."""
    total = sum(levels.values())
    if not total:
        return "-"
    return f"{100 * sum(levels.get(it, 0) for it in _SATISFIED) / total:.2f} %"
