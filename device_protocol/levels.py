"""Levels of satisfaction: what was sent, as 1…5 or not at all.

5 is very satisfied, 1 very dissatisfied. Nothing is ever guessed: what is not in
the scale is unknown.
"""

from collections.abc import Mapping
from typing import Final

from device_protocol.limits import LEVEL_CHARS_MAX, LEVEL_MAX, LEVEL_MIN

DEFAULT_LABELS: Final[Mapping[str, int]] = {
    "非常满意": 5,
    "满意": 4,
    "一般": 3,
    "不满意": 2,
    "非常不满意": 1,
    "very satisfied": 5,
    "satisfied": 4,
    "neutral": 3,
    "dissatisfied": 2,
    "very dissatisfied": 1,
}

# A level's own string, in ASCII and in full-width digits (input methods make them).
_DIGITS: Final[Mapping[str, int]] = {
    **{str(level): level for level in range(LEVEL_MIN, LEVEL_MAX + 1)},
    **{chr(0xFF10 + level): level for level in range(LEVEL_MIN, LEVEL_MAX + 1)},
}


def parse_level(
    value: object, labels: Mapping[str, int] = DEFAULT_LABELS
) -> int | None:
    """The level 1…5 that a JSON value means, or None when it means none.

    `labels` are those of the device's scale. `true`, `5.5`, `""`, `null` and
    `[5]` are no levels; `5.0`, `" 5 "` and a full-width five are 5.
    """
    if isinstance(value, str):
        return _parse_text(value, labels)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not LEVEL_MIN <= value <= LEVEL_MAX or value != int(value):
        return None
    return int(value)


def _parse_text(text: str, labels: Mapping[str, int]) -> int | None:
    if len(text) > LEVEL_CHARS_MAX:
        return None
    bare = text.strip()
    return _DIGITS.get(bare) or labels.get(bare)
