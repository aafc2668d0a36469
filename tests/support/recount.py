"""Figures counted again from the rows of ratings and sessions.

A second computation, from the rules alone, in plain Python with `decimal`; it shares
no code with the roll-ups that it is compared with.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.folding import FoldedLedger

LEVELS = (5, 4, 3, 2, 1)
ANSWERS = {"customer", "staff_proxy"}
EXCLUDING = {
    "double_press",
    "burst",
    "stuck_key",
    "multi_key",
    "too_fast",
    "press_test",
}
IDLE = {"double_press", "repeat"}
"""Flags of presses that a session's choice leaves without effect."""
Row = dict[str, Any]
Scales = Mapping[str, Mapping[int, int]]
Key = tuple[object, ...]

RATINGS = """
SELECT r.session_no, r.level, r.origin, r.effective, r.flags, r.occurred_ms, r.mode,
    r.void, r.round, r.amends, d.device_id || ':' || r.event_id AS rating_id,
    r.employee_id AS employee, b.site, b.department, b.window, b.medium,
    d.device_id AS device, b.scale
FROM rating AS r JOIN binding AS b ON b.no = r.binding
JOIN device AS d ON d.no = r.device_no
"""
SESSIONS = """
SELECT x.no, x.site, x.department, x.window, x.employee_id AS employee,
    x.service_code AS service, x.state, x.eligible, x.ended_ms, x.began_ms,
    x.invited_ms, x.unrated_reason, x.ratings, d.device_id AS device
FROM session AS x LEFT JOIN device AS d ON d.no = x.device_no
"""


@dataclass
class Tally:
    """What one group counts."""

    answers: list[int] = field(default_factory=list)
    defaults: list[int] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    points_of_defaults: list[int] = field(default_factory=list)
    eligible: int = 0
    answered: int = 0
    invited: int = 0
    awaiting: int = 0
    voided: int = 0
    received: int = 0
    reasons: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


def recounted(  # noqa: PLR0913 -- what figures may be asked for by
    ledger: FoldedLedger,
    group_by: Iterable[str],
    zone: str,
    *,
    include_flagged: bool = False,
    within: Callable[[int], bool] = lambda _: True,
    scales: Scales | None = None,
) -> dict[Key, dict[str, object]]:
    """The figures of each group; `within` says which moments belong to it.

    A rating scores what its scale gives its level, else its level.
    """
    names, clock = tuple(group_by), ZoneInfo(zone)
    tallies: defaultdict[Key, Tally] = defaultdict(Tally)
    own: defaultdict[int, list[Row]] = defaultdict(list)
    for row in _rows(ledger, RATINGS):
        one = _read(row)
        if one["session_no"] is not None:
            own[one["session_no"]].append(one)
        elif _counts_alone(one) and within(one["occurred_ms"]):
            tally = tallies[_key(names, one, one["occurred_ms"], clock)]
            _rating(tally, one, scales, include_flagged=include_flagged)
            tally.received += 1
    for session in _rows(ledger, SESSIONS):
        ratings = own[session["no"]]
        answer = next((one for one in ratings if _answers(one)), None)
        at_ms = _moment(session, answer, ratings)
        if within(at_ms):
            said = answer or _last_void(ratings)
            medium = said["medium"] if said else "terminal"
            key = _key(names, {**session, "medium": medium}, at_ms, clock)
            tally = tallies[key]
            for one in ratings:
                if one["effective"]:
                    one["scale"] = _scale(one, ratings)
                    _rating(tally, one, scales, include_flagged=include_flagged)
            _session(tally, session, answer, include_flagged=include_flagged)
    return {key: _figures(tally) for key, tally in tallies.items()}


def _counts_alone(one: Row) -> bool:
    return one["effective"] and one["mode"] == "live" and one["level"] is not None


def _answers(one: Row) -> bool:
    return bool(one["effective"]) and one["origin"] != "system_default"


def _session(
    tally: Tally, session: Row, answer: Row | None, *, include_flagged: bool
) -> None:
    tally.received += len(json.loads(session["ratings"]))
    tally.voided += session["state"] == "voided"
    if not session["eligible"] or session["ended_ms"] is None:
        return
    tally.eligible += 1
    tally.invited += session["invited_ms"] is not None
    tally.awaiting += session["state"] == "awaiting"
    if answer is None or answer["origin"] != "customer":
        tally.reasons[session["unrated_reason"] or "unknown"] += 1
    else:
        tally.answered += include_flagged or not answer["out"]


def _moment(session: Row, answer: Row | None, ratings: list[Row]) -> int:
    """When a session counts: at its end, else when its answer was pressed."""
    if session["eligible"] and session["ended_ms"] is not None:
        return int(session["ended_ms"])
    pressed = answer or _last_void(ratings)
    return int(pressed["occurred_ms"] if pressed else session["began_ms"])


def _last_void(ratings: list[Row]) -> Row | None:
    """The last version of an answer that was declared void as a whole.

    What came after the void may show that it met a press without effect, or one with.
    What amends may bear an earlier time than what it amends.
    """
    names = {one["rating_id"] for one in ratings}
    voided = sorted((one for one in ratings if one["void"]), key=_pressed)
    customers = [one for one in voided if one["origin"] in ANSWERS]
    customers = [one for one in customers if one["round"] == "initial"]
    if not customers:
        return next(iter(voided), None)
    plain = [one for one in customers if not _meant_by(one) & names]
    first = next(iter(plain), customers[0])
    later = [one for one in customers if one is not first and not one["idle"]]
    return later[-1] if later else first


def _pressed(one: Row) -> int:
    return int(one["occurred_ms"])


def _meant_by(one: Row) -> set[str]:
    """The ratings that it may amend: by their ids, or by one of its own device."""
    meant = {f"{one['amends']}", f"{one['device']}:{one['amends']}"}
    return meant - {one["rating_id"]}


def _scale(one: Row, ratings: list[Row]) -> object:
    """Its own; of an amendment over HTTP that of what it amends."""
    meant = _meant_by(one)
    amended = next((it for it in ratings if it["rating_id"] in meant), None)
    if amended is None or one["medium"] == "terminal":
        return one["scale"]
    return _scale(amended, [it for it in ratings if it is not one])


def _rating(
    tally: Tally, one: Row, scales: Scales | None, *, include_flagged: bool
) -> None:
    if one["out"] and not include_flagged:
        return
    by_customer = one["origin"] in ANSWERS
    (tally.answers if by_customer else tally.defaults).append(one["level"])
    points = tally.points if by_customer else tally.points_of_defaults
    scores = (scales or {}).get(one["scale"], {})
    points.append(scores.get(one["level"], one["level"]))


def _rows(ledger: FoldedLedger, sql: str) -> Iterator[Row]:
    cursor = ledger.store.connection.execute(sql)
    for row in cursor:
        names = [column[0] for column in cursor.get_description()]
        yield dict(zip(names, row, strict=True))


def _read(row: Row) -> Row:
    flags = set(json.loads(row["flags"] or "[]"))
    out, idle = bool(flags & EXCLUDING), bool(flags & IDLE)
    return {**row, "out": out, "idle": idle, "service": None}


def _key(names: tuple[str, ...], where: Row, at_ms: int, clock: ZoneInfo) -> Key:
    """The group that it counts in."""
    local = datetime.fromtimestamp(at_ms / 1000, clock)
    year, week, _ = local.isocalendar()
    times = {
        "hour": f"{local.hour:02}",
        "weekday": local.isoweekday(),
        "day": f"{local:%Y-%m-%d}",
        "week": f"{year}-W{week:02}",
        "month": f"{local:%Y-%m}",
        "quarter": f"{local.year}-Q{(local.month + 2) // 3}",
        "year": f"{local.year}",
    }
    values = {**where, **times}
    return tuple(values[name] or None for name in names)


def _quotient(part: int, whole: int, places: int) -> str | None:
    if whole == 0:
        return None
    step = Decimal(1).scaleb(-places)
    return str((Decimal(part) / Decimal(whole)).quantize(step, ROUND_HALF_UP))


def _figures(tally: Tally) -> dict[str, object]:
    n, both = tally.answers, tally.answers + tally.defaults
    points = sum(tally.points)
    points_of_both = points + sum(tally.points_of_defaults)
    unrated = tally.eligible - tally.answered
    good, good_both = (sum(level >= 4 for level in some) for some in (n, both))
    return {
        "n": {str(level): n.count(level) for level in LEVELS},
        "rated": len(n),
        "defaulted": len(tally.defaults),
        "eligible": tally.eligible,
        "unrated": unrated,
        "awaiting": tally.awaiting,
        "voided": tally.voided,
        "unrated_by_reason": dict(tally.reasons),
        "satisfaction_rate": _quotient(100 * good, len(n), 2),
        "satisfaction_rate_with_defaults": _quotient(100 * good_both, len(both), 2),
        "mean_level": _quotient(sum(n), len(n), 4),
        "mean_level_with_defaults": _quotient(sum(both), len(both), 4),
        "mean_score": _quotient(points, len(n), 4),
        "mean_score_with_defaults": _quotient(points_of_both, len(both), 4),
        "unrated_share": _quotient(100 * unrated, tally.eligible, 2),
        "overdue_share": _quotient(100 * len(tally.defaults), len(both), 2),
        "response_rate": _quotient(100 * tally.answered, tally.eligible, 2),
        "invitation_rate": _quotient(100 * tally.invited, tally.eligible, 2),
    }
