"""Explanations put together: what the rules say, and what was told and delivered."""

from collections.abc import Iterable
from datetime import date

from gateway.console.explained_items import (
    ExplainedDeadline,
    ExplainedFlag,
    ExplainedLine,
    ExplainedRating,
    Explanation,
    SkippedDay,
)
from gateway.console.items import Session, Trace, shown
from gateway.console.requests import TraceQuery
from gateway.console.tracing import Tracer
from gateway.queries import LedgerQueries
from gateway.queries.rows import SessionRow
from gateway.ratings.explaining import explain, explain_alone
from gateway.ratings.explaining.days import deadlines
from gateway.ratings.explaining.model import (
    DeadlineSeen,
    Line,
    LoneSeen,
    RatingSeen,
    SessionSeen,
)
from gateway.ratings.standings import Stand

_EVERYTHING = TraceQuery()
_OUTSIDE = "What leaves the gateway"


class Explainer:
    def __init__(self, ledger: LedgerQueries, tracer: Tracer) -> None:
        self._ledger = ledger
        self._tracer = tracer

    def of_session(
        self, seen: SessionSeen, row: SessionRow, rating_id: str | None
    ) -> Explanation:
        """The session's explanation, told from one of its ratings when given."""
        ratings = [self._rating(seen, one) for one in seen.ratings]
        lines = [*explain(seen, rating_id), *_told(ratings, rating_id)]
        return Explanation(
            session_key=seen.key,
            rating_id=rating_id,
            state=seen.stored.state,
            rules_revision=seen.revision,
            looked_at=seen.looked_ms,
            lines=_lines(lines),
            deadlines=[_deadline(one) for one in deadlines(seen)],
            ratings=ratings,
            session=Session.model_validate(row),
        )

    def of_rating(self, seen: LoneSeen) -> Explanation:
        """The explanation of a rating that no session holds."""
        rating_id = seen.rating.fact.rating_id
        rating = self._explained(seen.rating, Stand(), seen.excluding)
        lines = [*explain_alone(seen), *_told([rating], rating_id)]
        return Explanation(
            session_key=None,
            rating_id=rating_id,
            state=None,
            rules_revision=seen.revision,
            looked_at=seen.rating.fact.received_ms,
            lines=_lines(lines),
            deadlines=[],
            ratings=[rating],
            session=None,
        )

    def _rating(self, seen: SessionSeen, one: RatingSeen) -> ExplainedRating:
        stand = seen.state.stands.get(one.fact.rating_id, Stand())
        if one.default and seen.state.default is not None:
            stand = Stand(by=seen.state.default.by)
        return self._explained(one, stand, seen.excluding)

    def _explained(
        self, one: RatingSeen, stand: Stand, excluding: frozenset[str]
    ) -> ExplainedRating:
        trace = self._traced(one)
        return ExplainedRating(
            rating_id=one.fact.rating_id,
            level=one.fact.level,
            effective=one.effective,
            version=one.version,
            default=one.default,
            replaced=stand.replaced,
            by=stand.by,
            flags=[
                ExplainedFlag(
                    flag=flag,
                    excludes=flag in excluding,
                    evidence=shown(one.evidence.get(flag, {})),
                )
                for flag in one.flags
            ],
            events=trace.deliveries if trace else [],
            point=trace.point if trace else None,
        )

    def _traced(self, one: RatingSeen) -> Trace | None:
        device_id = one.fact.device_id
        event_id = one.fact.rating_id.removeprefix(f"{device_id}:")
        detail = self._ledger.rating(device_id, event_id)
        return None if detail is None else self._tracer.trace(detail, _EVERYTHING).trace


def _told(ratings: Iterable[ExplainedRating], rating_id: str | None) -> Iterable[Line]:
    """Events and points: of the rating asked for, else of all."""
    for one in ratings:
        if rating_id not in {None, one.rating_id}:
            continue
        for each in one.events:
            text = f"{one.rating_id}: {each.event} to {each.sink}, {each.state}"
            yield Line("event", text, _OUTSIDE)
        if one.point is not None:
            text = f"{one.rating_id}: {one.point.tags} {one.point.time_ns}"
            yield Line("point", text, _OUTSIDE)


def _lines(lines: Iterable[Line]) -> list[ExplainedLine]:
    return [ExplainedLine(**one._asdict()) for one in lines]


def _deadline(one: DeadlineSeen) -> ExplainedDeadline:
    skipped = None
    if one.skipped is not None:
        skipped = [SkippedDay(day=_day(each), said_by=who) for each, who in one.skipped]
    return ExplainedDeadline(
        clock=one.clock,
        at=one.at_ms,
        days=one.days,
        unit=one.unit,
        estimated=one.estimated,
        calendar=one.calendar,
        counted=None if one.counted is None else [_day(each) for each in one.counted],
        skipped=skipped,
        moved=one.moved,
    )


def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()
