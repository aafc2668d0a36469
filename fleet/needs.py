"""What a device needs somebody to come for: its condition as needs of the planner."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from fleet.planner import Need, Why

DAY_MS: Final = 86_400_000
WITHIN_DAYS: Final[Mapping[str, int]] = MappingProxyType(
    {"failed": 1, "degraded": 7, "drift": 14}
)
"""How long a fault may wait: one that takes a device out of use, one that does not."""

_KINDS: Final[Mapping[str, Why]] = MappingProxyType(
    {"battery_forecast": "forecast", "clock": "drift", "firmware": "drift"}
)
_OWN: Final = frozenset({"inspection_overdue"})
"""What is a need of another kind already."""


class Condition(NamedTuple):
    """How a device is; `days_left`: by the forecast of its battery.

    `reasons` are (code, since_ms, text); `away_ms`: since when it is offline.
    """

    device_id: str
    site: str
    health: str
    reasons: tuple[tuple[str, int, str], ...] = ()
    days_left: float | None = None
    away_ms: int | None = None


def needs_of(one: Condition, now_ms: int) -> Iterator[Need]:
    """Faults, forecasts and drift of one device."""
    if one.away_ms is not None:
        by_ms = one.away_ms + WITHIN_DAYS["failed"] * DAY_MS
        yield _need(one, "fault", "offline", by_ms, "is not there")
    for code, since_ms, text in one.reasons:
        if code in _OWN:
            continue
        why = _KINDS.get(code, "fault")
        if why == "forecast" and one.days_left is not None:
            by_ms = now_ms + int(one.days_left * DAY_MS)
        else:
            patience = "drift" if why == "drift" else one.health
            by_ms = since_ms + WITHIN_DAYS.get(patience, 7) * DAY_MS
        yield _need(one, why, code.removeprefix("fault_"), by_ms, text)


def _need(one: Condition, why: Why, cause: str, by_ms: int, text: str) -> Need:
    return Need(
        device_id=one.device_id,
        site=one.site,
        why=why,
        cause=cause,
        by_ms=by_ms,
        text=text,
    )
