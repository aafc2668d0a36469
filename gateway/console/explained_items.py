"""Why a session stands as it does, as the API tells it."""

from typing import Literal

from gateway.console.instants import Instant
from gateway.console.items import Delivery, Item, Point, Session


class ExplainedLine(Item):
    """One sentence; `rule` is a section of the rating rules, `key` one of `[rules]`."""

    topic: str
    text: str
    rule: str
    key: str | None
    value: str | int | float | bool | None


class SkippedDay(Item):
    """A day that does not count, and who says so."""

    day: str
    said_by: Literal["override", "published", "week", "estimate"]


class ExplainedDeadline(Item):
    """`counted` and `skipped` are null where the days of then are not known now."""

    clock: Literal["rating", "amendment", "contact", "rectify"]
    at: Instant
    days: int
    unit: str
    estimated: bool
    calendar: str
    counted: list[str] | None
    skipped: list[SkippedDay] | None
    moved: bool


class ExplainedFlag(Item):
    flag: str
    excludes: bool
    evidence: dict[str, int | str]


class ExplainedRating(Item):
    """How one rating stands in its session; `by` amended or superseded it."""

    rating_id: str
    level: int
    effective: bool
    version: int
    default: bool
    replaced: str | None
    by: str | None
    flags: list[ExplainedFlag]
    events: list[Delivery]
    point: Point | None


class Explanation(Item):
    """`session` is null for a rating that no session holds.

    `rules_revision` is the place of the record that put the rules in force under
    which it was last looked at, `looked_at`.
    """

    session_key: str | None
    rating_id: str | None
    state: str | None
    rules_revision: str
    looked_at: Instant
    lines: list[ExplainedLine]
    deadlines: list[ExplainedDeadline]
    ratings: list[ExplainedRating]
    session: Session | None
