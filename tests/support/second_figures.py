"""Figures of services that a test made up, worked out from the rules' words alone.

A second implementation, in plain Python with `decimal`: it shares no code with the
gateway, neither reads the ledger nor knows how anything is counted there. Source:
rating rules, "Figures", "Period" and "Genuine ratings".
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from tests.support.population import LEVELS, Question, Service, World

UNITS: Final = ("day", "week", "month", "quarter", "year")
PARTS: Final = ("item", "reason")
Value = str | int | None
Key = tuple[Value, ...]
Figure = dict[str, Any]
_Told = dict[Key, Figure]
When = Callable[[int], bool]


class Mark(NamedTuple):
    """A level, and the scale it was given on."""

    level: int
    scale: str | None


@dataclass
class Tally:
    """What one group holds."""

    answers: list[Mark] = field(default_factory=list)
    defaults: list[Mark] = field(default_factory=list)
    eligible: int = 0
    answered: int = 0
    awaiting: int = 0
    invited: int = 0
    voided: int = 0
    received: int = 0
    lost: int = 0
    unrated: Counter[str] = field(default_factory=Counter)


def expected(world: World, asked: Question) -> dict[Key, Figure]:
    """Every group that counts anything, with all that the API is to tell of it."""
    now = _groups(world, asked, lambda at: _within(at, asked.from_ms, asked.to_ms))
    if not asked.group_by:
        now.setdefault((), Tally())
    found = {}
    for key, tally in now.items():
        rules = _ruled(world, asked, key)
        figures = _figures(tally, asked, rules)
        earlier = _before(world, asked, key)
        previous = None if earlier is None else _figures(earlier, asked, rules)
        changes = previous and {
            name: _change(value, previous[name])
            for name, value in figures.items()
            if isinstance(value, str | None)
        }
        found[key] = {**figures, "previous": previous, "trend": changes, **rules}
    return found


def of_groups(world: World, asked: Question) -> _Told:
    """The figures of each group that counts anything, compared with nothing."""
    found = _groups(world, asked, lambda at: _within(at, asked.from_ms, asked.to_ms))
    return {
        key: _figures(tally, asked, _ruled(world, asked, key))
        for key, tally in found.items()
        if tally != Tally()
    }


def of_items(
    world: World, asked: Question, weights: Mapping[str, Decimal], *, renormalise: bool
) -> _Told:
    """The composite of each group that any of these items was rated in."""
    parts = replace(asked, group_by=(*asked.group_by, "item"))
    found = _groups(world, parts, lambda at: _within(at, asked.from_ms, asked.to_ms))
    told: _Told = {}
    for key in {key[:-1] for key in found if key[-1] in weights}:
        rules = _ruled(world, asked, key)
        tallies = {name: found.get((*key, name), Tally()) for name in weights}
        told[key] = {"items": {}}
        for suffix, levels in {
            "": {name: one.answers for name, one in tallies.items()},
            "_with_defaults": {
                name: one.answers + one.defaults for name, one in tallies.items()
            },
        }.items():
            scores = {name: _exact(some, rules) for name, some in levels.items()}
            weighed = [(weight, scores[name]) for name, weight in weights.items()]
            told[key][f"composite{suffix}"] = composite(
                weighed, renormalise=renormalise
            )
            for name, some in levels.items():
                score = _scores(some, rules)["mean_score"]
                own = told[key]["items"].setdefault(
                    name, {"weight": f"{weights[name]}"}
                )
                own |= {f"rated{suffix}": len(some), f"mean_score{suffix}": score}
    return told


def _exact(levels: Sequence[Mark], rules: Mapping[str, Any]) -> Decimal | None:
    """The mean score of an item, as it is before it is rounded."""
    if len(levels) < max(1, rules["min_n"]):
        return None
    with localcontext() as context:
        context.prec = 60
        return _points(levels, rules) / len(levels)


def _points(levels: Sequence[Mark], rules: Mapping[str, Any]) -> Decimal:
    """Each level scores as its scale says, else as the rules do."""
    scored = (
        rules["score_maps"].get(scale, {}).get(level, rules["score_map"][level])
        for level, scale in levels
    )
    return sum(scored, Decimal(0))


def composite(
    parts: Sequence[tuple[Decimal, Decimal | None]], *, renormalise: bool
) -> str | None:
    """Weights and scores of items: Σ w·s / 100; an absent item leaves none."""
    there = [(weight, score) for weight, score in parts if score is not None]
    with localcontext() as context:
        context.prec = 60
        whole = sum((weight for weight, _ in there), Decimal(0))
        if whole == 0 or (len(there) < len(parts) and not renormalise):
            return None
        return _rounded(sum((w * s for w, s in there), Decimal(0)), whole, 4)


def _within(at_ms: int, from_ms: int | None, to_ms: int | None) -> bool:
    return (from_ms is None or from_ms <= at_ms) and (to_ms is None or at_ms < to_ms)


def _groups(world: World, asked: Question, when: When) -> dict[Key, Tally]:
    found: dict[Key, Tally] = {}
    for one in world.services:
        if not when(one.at_ms):
            continue
        for place in _places(one, asked):
            key = tuple(place[name] for name in asked.group_by if name not in _TIMES)
            times = times_of(one.at_ms, world.zone(one.site))
            values = iter(key)
            whole = tuple(
                times[name] if name in _TIMES else next(values)
                for name in asked.group_by
            )
            tally = found.setdefault(whole, Tally())
            _count(tally, one, place, world, asked)
    return found


_TIMES: Final = ("hour", "weekday", *UNITS)


def _places(
    one: Service, asked: Question, *, ever: bool = False
) -> list[dict[str, Any]]:
    """Where a service counts: by part for parts, for each employee credited.

    `ever`: also what counted until its rating was amended.
    """
    base = {
        "site": one.site,
        "department": one.department,
        "window": one.window,
        "device": one.device,
        "service": one.service,
        "medium": one.medium,
        "employee": one.employee,
    }
    part = next((name for name in PARTS if name in asked.group_by), None)
    part = part or next((name for name in PARTS if name in asked.filters), None)
    places: list[dict[str, Any]] = [{**base, "kind": "whole"}]
    stands = one.level is not None and (ever or one.amended is None)
    if part == "item":
        items = one.items if stands else ()
        places = [
            {**base, "kind": "item", "item": name, "level": level}
            for name, level in items
        ]
    elif part == "reason":
        reasons = one.reasons if stands else ()
        places = [{**base, "kind": "reason", "reason": name} for name in reasons]
    elif (
        stands
        and one.shared not in {None, one.employee}
        and "employee" in (*asked.group_by, *asked.filters)
    ):
        places.append({**base, "kind": "shared", "employee": one.shared})
    return [
        place
        for place in places
        if all(place[name] == value for name, value in asked.filters.items())
    ]


def _count(
    tally: Tally, one: Service, place: dict[str, Any], world: World, asked: Question
) -> None:
    effective = one.level if one.amended is None else one.amended
    kept_out = one.hurried and one.amended is None and not asked.include_flagged
    heard = effective is not None and not one.void
    timeout = one.origin == "device_timeout"  # a default, whoever pressed nothing
    if effective is not None and heard and (timeout or not kept_out):
        levels = tally.defaults if timeout else tally.answers
        levels.append(Mark(place.get("level", effective), _scale(one, world)))
    if place["kind"] == "shared":
        tally.received += heard
        return
    if place["kind"] != "whole":
        return
    tally.received += (one.level is not None) + (one.amended is not None)
    tally.lost += one.skipped
    tally.voided += one.void
    if not one.ended or one.closed:
        return
    tally.eligible += 1
    tally.invited += one.invited
    # Who changes a rating does so as a customer, whoever entered it.
    own = one.origin == "customer" or one.amended is not None
    by_customer = heard and own
    tally.answered += by_customer and not kept_out
    if not by_customer:
        tally.unrated[one.reason or "unknown"] += 1
    if effective is None and not _overdue(one, world):
        tally.awaiting += 1
    elif effective is None and world.default_level is not None:
        tally.defaults.append(Mark(world.default_level, _scale(one, world)))


def _scale(one: Service, world: World) -> str | None:
    known = world.scales.get(one.device)
    return None if known is None else known.name


def _overdue(one: Service, world: World) -> bool:
    """Since the end of the fifth working day after it, but known for a minute."""
    if world.as_of_ms is None:
        return True
    clock = world.zone(one.site)
    day, left = _local(one.at_ms, clock).date(), 5
    while left:
        day += timedelta(days=1)
        left -= day.isoweekday() not in {6, 7}
    due_ms = max(end_of_day(day, clock), one.told_ms + 60_000)
    return due_ms <= world.as_of_ms


def end_of_day(day: date, clock: ZoneInfo) -> int:
    """The midnight that ends a day there, in ms."""
    midnight = datetime.combine(day + timedelta(days=1), time(), clock)
    return round(midnight.timestamp() * 1000)


def _ruled(world: World, asked: Question, key: Key) -> dict[str, Any]:
    """As the question says, which names a score map for all scales, else by sites."""
    maps = {one.name: dict(one.scores) for one in world.scales.values()}
    if "score_map" in asked.shown:
        maps = {}
    return {**_rules(world, asked, key), "score_maps": maps, **asked.shown}


def _rules(world: World, asked: Question, key: Key) -> dict[str, Any]:
    """By the sites where the group has ever counted, whenever that was."""
    place = [
        (name, value)
        for name, value in zip(asked.group_by, key, strict=True)
        if name not in _TIMES
    ]
    sites = [
        one.site
        for one in world.services
        if not one.closed
        for where in _places(one, asked, ever=True)
        if all(where[name] == value for name, value in place)
    ]
    return world.rules(sites)


def _before(world: World, asked: Question, key: Key) -> Tally | None:
    """What the same group held in the period before; None: there is none to name."""
    units = [name for name in asked.group_by if name in UNITS]
    if len(units) == 1:
        at = asked.group_by.index(units[0])
        earlier = _one_before(units[0], str(key[at]))
        wanted = (*key[:at], earlier, *key[at + 1 :])
        return _groups(world, asked, lambda _: True).get(wanted, Tally())
    if asked.from_ms is None or asked.to_ms is None:
        return None
    if asked.previous_days is not None:
        clock = world.zone(asked.filters.get("site"))
        span = [_days_before(at, asked, clock) for at in (asked.from_ms, asked.to_ms)]
        found = _groups(world, asked, lambda at: _within(at, *span))
        return found.get(key, Tally())
    low = _stretch_before(world, asked, asked.from_ms, asked.to_ms)
    found = _groups(world, asked, lambda at: low <= at < (asked.from_ms or 0))
    return found.get(key, Tally())


def _days_before(at_ms: int, asked: Question, clock: ZoneInfo) -> int:
    """What the clock on the wall showed then, so many days earlier."""
    wall = _local(at_ms, clock).replace(tzinfo=None)
    earlier = wall - timedelta(days=asked.previous_days or 0)
    since = earlier.replace(tzinfo=clock) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(milliseconds=1)


def _stretch_before(world: World, asked: Question, low: int, high: int) -> int:
    """Where the stretch before begins: as long, or as many months if they are whole."""
    clock = world.zone(asked.filters.get("site"))
    first, end = (_local(at, clock) for at in (low, high))
    if any(
        (one.day, one.hour, one.minute, one.second, one.microsecond) != _FIRST
        for one in (first, end)
    ):
        return 2 * low - high
    months = (end.year - first.year) * 12 + end.month - first.month
    number = first.year * 12 + first.month - 1 - months
    begin = datetime(number // 12, number % 12 + 1, 1, tzinfo=clock)
    return round(begin.timestamp() * 1000)


_FIRST: Final = (1, 0, 0, 0, 0)


def _local(at_ms: int, clock: ZoneInfo) -> datetime:
    return (
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    ).astimezone(clock)


def times_of(at_ms: int, clock: ZoneInfo) -> dict[str, Value]:
    local = _local(at_ms, clock)
    year, week, weekday = local.isocalendar()
    return {
        "hour": f"{local.hour:02}",
        "weekday": weekday,
        "day": f"{local:%Y-%m-%d}",
        "week": f"{year}-W{week:02}",
        "month": f"{local:%Y-%m}",
        "quarter": f"{local.year}-Q{(local.month + 2) // 3}",
        "year": f"{local.year}",
    }


def _one_before(unit: str, name: str) -> str:
    """The name of the period before: that of the day before its first."""
    year = int(name[:4])
    if unit == "day":
        first = datetime.fromisoformat(name)
    elif unit == "week":
        first = datetime.fromisocalendar(year, int(name[-2:]), 1)
    else:
        month = {
            "month": lambda: int(name[5:]),
            "quarter": lambda: int(name[-1]) * 3 - 2,
        }
        first = datetime(year, month.get(unit, lambda: 1)(), 1, tzinfo=UTC)
    earlier = first - timedelta(days=1)
    at_ms = round(earlier.replace(tzinfo=UTC).timestamp() * 1000)
    return str(times_of(at_ms, ZoneInfo("UTC"))[unit])


def _figures(tally: Tally, asked: Question, rules: Mapping[str, Any]) -> Figure:
    n, d = tally.answers, tally.defaults
    e, u = tally.eligible, tally.eligible - tally.answered
    parts = any(name in asked.group_by or name in asked.filters for name in PARTS)
    whole = 0 if parts else tally.received + tally.lost
    found = {
        "n": {str(level): _count_of(level, n) for level in LEVELS},
        "rated": len(n),
        "defaulted": len(d),
        "eligible": e,
        "unrated": u,
        "awaiting": tally.awaiting,
        "voided": tally.voided,
        "unrated_by_reason": dict(tally.unrated),
        "unrated_share": _percent(u, e),
        "overdue_share": _percent(len(d), len(n) + len(d)),
        "response_rate": _percent(e - u, e),
        "invitation_rate": _percent(tally.invited, e),
        "completeness": _percent(tally.received, whole),
        "min_n_met": len(n) >= rules["min_n"],
    }
    for suffix, levels in (("", n), ("_with_defaults", n + d)):
        found |= {
            f"{name}{suffix}": value for name, value in _scores(levels, rules).items()
        }
    return found


def _count_of(level: int, marks: Sequence[Mark]) -> int:
    return sum(one.level == level for one in marks)


def _scores(marks: Sequence[Mark], rules: Mapping[str, Any]) -> Figure:
    """The scores of one form; withheld below `min_n` ratings of that form."""
    levels = [one.level for one in marks]
    count = len(levels) if len(levels) >= rules["min_n"] else 0
    good = sum(level in rules["satisfied_levels"] for level in levels)
    points = _points(marks, rules)
    return {
        "share": {str(one): _percent(levels.count(one), count) for one in LEVELS},
        "satisfaction_rate": _percent(good, count),
        "mean_level": _rounded(Decimal(sum(levels)), Decimal(count), 4),
        "mean_score": _rounded(points, Decimal(count), 4),
    }


def _percent(part: int, whole: int) -> str | None:
    return _rounded(Decimal(100 * part), Decimal(whole), 2)


def _rounded(part: Decimal, whole: Decimal, places: int) -> str | None:
    """Half-up; None where nothing is to be divided."""
    if not whole:
        return None
    with localcontext() as context:
        context.prec = 60
        step = Decimal(1).scaleb(-places)
        found = (part / whole).quantize(step, ROUND_HALF_UP)
    return f"{found or abs(found)}"


def _change(now: str | None, before: str | None) -> str | None:
    if now is None or before is None:
        return None
    change = Decimal(now) - Decimal(before)
    return f"{change:+f}" if change else f"{abs(change):f}"
