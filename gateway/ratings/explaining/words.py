"""Instants, days and names in a sentence."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo

from gateway.ratings.workdays import SaidBy

_SAID_BY: dict[SaidBy, str] = {
    "override": "your calendar_file",
    "published": "a published day",
    "week": "the week's rest",
    "estimate": "the week's rest, not published yet",
}


def instant(at_ms: int, zone: tzinfo) -> str:
    """A local instant with its offset, to the second."""
    moment = datetime.fromtimestamp(at_ms // 1000, zone)
    return moment.isoformat(" ", "seconds")


def day(ordinal: int) -> str:
    return f"{date.fromordinal(ordinal):%Y-%m-%d %a}"


def days(number: int, unit: str) -> str:
    """`5 working days`, `1 natural day`."""
    return f"{number} {unit} day{'' if number == 1 else 's'}"


def because(said_by: SaidBy) -> str:
    """Why a day does not count."""
    return _SAID_BY[said_by]


def listed(names: Sequence[str]) -> str:
    return ", ".join(names)
