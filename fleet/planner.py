"""The visit planner: one visit a site for all that needs hands there, with parts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

Why = Literal["fault", "forecast", "drift", "inspection", "spot_check"]
URGENCY: Final[Mapping[str, int]] = MappingProxyType(
    {"fault": 0, "forecast": 1, "inspection": 2, "drift": 3, "spot_check": 4}
)
"""Of needs with one deadline, which is named first."""

PARTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "battery": ("battery",),
        "battery_forecast": ("battery",),
        "stuck_key": ("keypad",),
        "dead_key": ("keypad",),
        "display": ("display",),
        "touch": ("display",),
        "audio": ("speaker",),
        "rtc": ("clock battery",),
        "storage": ("storage card",),
        "signal": ("antenna",),
    }
)
"""What mending a cause takes as a rule; an operator's table may replace it."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One reason to go to a device, at the latest before `by_ms`.

    `from_ms`: before that nobody need be sent for it alone, nor does it good; None:
    at any time. `cause` is the code of what is wrong, or of the plan.
    """

    device_id: str
    site: str
    why: Why
    cause: str
    by_ms: int
    from_ms: int | None = None
    text: str = ""


class Stop(NamedTuple):
    """What is to be done at one device, the most urgent first, and with what parts."""

    device_id: str
    needs: tuple[Need, ...]
    parts: tuple[str, ...]


class Visit(NamedTuple):
    """All that a site needs, in one go, before `by_ms`.

    `parts` is how many of each to bring: a part that one device needs for two reasons
    is brought once.
    """

    site: str
    by_ms: int
    overdue: bool
    stops: tuple[Stop, ...]
    parts: dict[str, int]


def plan_visits(
    needs: Iterable[Need],
    now_ms: int,
    horizon_ms: int,
    parts: Mapping[str, Sequence[str]] = PARTS,
) -> list[Visit]:
    """One visit for each site that needs one before `horizon_ms`, the soonest first.

    Whoever goes there also does what has begun to be useful by the horizon though its
    own deadline is later, so that nobody must come back for it.
    """
    by_site: dict[str, dict[tuple[str, Why, str], Need]] = {}
    for need in needs:
        known = by_site.setdefault(need.site, {})
        name = (need.device_id, need.why, need.cause)
        if name not in known or _order(need) < _order(known[name]):
            known[name] = need
    visits = [
        _visit(site, list(found.values()), now_ms, horizon_ms, parts)
        for site, found in by_site.items()
    ]
    wanted = [one for one in visits if one is not None]
    return sorted(wanted, key=lambda one: (one.by_ms, -len(one.stops), one.site))


def _visit(
    site: str,
    needs: Sequence[Need],
    now_ms: int,
    horizon_ms: int,
    table: Mapping[str, Sequence[str]],
) -> Visit | None:
    by_ms = min(need.by_ms for need in needs)
    if by_ms >= horizon_ms:
        return None
    useful = [
        need
        for need in needs
        if need.by_ms < horizon_ms or need.from_ms is None or need.from_ms < horizon_ms
    ]
    stops = _stops(useful, table)
    count = Counter(part for stop in stops for part in stop.parts)
    return Visit(site, by_ms, by_ms <= now_ms, stops, dict(sorted(count.items())))


def _stops(
    needs: Iterable[Need], table: Mapping[str, Sequence[str]]
) -> tuple[Stop, ...]:
    devices: dict[str, list[Need]] = {}
    for need in sorted(needs, key=_order):
        devices.setdefault(need.device_id, []).append(need)
    return tuple(
        Stop(
            device_id,
            tuple(found),
            tuple(sorted({part for one in found for part in table.get(one.cause, ())})),
        )
        for device_id, found in devices.items()
    )


def _order(need: Need) -> tuple[int, int, str, str, int, str]:
    return (
        need.by_ms,
        URGENCY[need.why],
        need.device_id,
        need.cause,
        -1 if need.from_ms is None else need.from_ms,
        need.text,
    )
