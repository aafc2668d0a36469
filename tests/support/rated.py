"""Facts of sessions, made short: instants are local texts or minutes after nine."""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from gateway.ratings.facts import Action, Facts, RatingFact, SessionEvent
from gateway.ratings.policy import SessionRules
from gateway.ratings.state import SessionState, state_of
from gateway.ratings.workdays import Calendar
from gateway.settings.calendars import day_table

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = SessionRules()


def at(text: str) -> int:
    """A local instant of Shanghai in ms."""
    moment = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    return round(moment.timestamp() * 1000)


NINE = at("2026-11-02 09:00")  # a Monday
MINUTE = 60_000
DAY = 1440 * MINUTE


@cache
def china() -> Calendar:
    return Calendar(day_table("china", {}, 2026), SHANGHAI)


def event(action: Action, minute: float, **fields: object) -> SessionEvent:
    """A session event some minutes after nine."""
    plain = SessionEvent(
        event_id=f"q:{action}-{minute}",
        action=action,
        occurred_ms=NINE + round(minute * MINUTE),
        device_id="q",
    )
    return msgspec.structs.replace(plain, **fields)


def rating(name: str, minute: float, level: int, **fields: object) -> RatingFact:
    """A rating some minutes after nine; `amends` may name another one."""
    amends = fields.pop("amends", None)
    plain = RatingFact(
        place=int.from_bytes(name.encode(), "big"),
        rating_id=f"d:{name}",
        device_id="d",
        occurred_ms=NINE + round(minute * MINUTE),
        level=level,
        received_ms=NINE + round(minute * MINUTE),
        amends=f"d:{amends}" if amends else None,
        window="1",
    )
    return msgspec.structs.replace(plain, **fields)


def state(
    *facts: SessionEvent | RatingFact,
    now: str = "2026-11-02 18:00",
    rules: SessionRules = RULES,
    **others: object,
) -> SessionState:
    """Where the session of these facts stands at a local instant."""
    events = tuple(one for one in facts if isinstance(one, SessionEvent))
    ratings = tuple(one for one in facts if isinstance(one, RatingFact))
    known = msgspec.structs.replace(Facts(events=events, ratings=ratings), **others)
    return state_of(known, rules, china(), at(now))
