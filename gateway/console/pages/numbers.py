"""Figures as people read them."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from gateway.console.wording import Words

NOTHING: Final = "\N{EN DASH}"
"""In the place of a figure that there is not."""

UNITS: Final = ("s", "min", "h", "d")
"""Of a duration, each with the next smaller one from hours on."""

_HUNDREDTH: Final = Decimal("0.01")
_KIB: Final = 1024
_SIZES: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


def count(number: int) -> str:
    """With a thin space between thousands: 1 234 567."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def size(number: float) -> str:
    """Bytes in the unit that leaves one to four digits."""
    at = 0
    while number >= _KIB and at < len(_SIZES) - 1:
        number, at = number / _KIB, at + 1
    return f"{number:.1f} {_SIZES[at]}" if at else f"{number:.0f} B"


def duration(seconds: float, words: Words) -> str:
    """In its two largest units at most: 12 s, 5 min, 3 h 20 min, 4 d 3 h."""
    whole = int(seconds)
    if whole < _MINUTE_S:
        return words("for_s", many=whole)
    if whole < _HOUR_S:
        return words("for_min", many=whole // _MINUTE_S)
    if whole < _DAY_S:
        few = whole % _HOUR_S // _MINUTE_S
        return words("for_h", many=whole // _HOUR_S, few=few)
    return words("for_d", many=whole // _DAY_S, few=whole % _DAY_S // _HOUR_S)


def mean(text: str | None) -> str:
    """A mean of the API, such as "4.0625", to two places, halves upwards."""
    if text is None:
        return NOTHING
    return f"{Decimal(text).quantize(_HUNDREDTH, ROUND_HALF_UP):.2f}"


def percentage(share: str | None) -> str:
    """A share of the API, such as "75.00"; a dash when there is nothing to share."""
    return NOTHING if share is None else f"{float(share):.1f} %"
