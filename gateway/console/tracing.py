"""One rating's whole way: record, decision, point, deliveries."""

from collections.abc import Iterator
from typing import Final

from gateway.console.items import (
    Decision,
    Delivery,
    Dispute,
    Point,
    Rating,
    RatingWhole,
    Trace,
    shown,
)
from gateway.console.requests import TraceQuery
from gateway.places import Place
from gateway.queries import DeliveryQueries
from gateway.queries.asking import DeadLetterFilter, Slice
from gateway.queries.rows import EventPosition, RatingDetail, RatingRow, SinkRow

_DEAD_LETTERS_MAX: Final = 100
"""A rating has a handful of events, and each sink may have refused each."""


class Tracer:
    def __init__(self, deliveries: DeliveryQueries) -> None:
        self._deliveries = deliveries

    def trace(self, detail: RatingDetail, wanted: TraceQuery) -> RatingWhole:
        """The rating with its history, and those deliveries that are wanted."""
        rating = Rating.model_validate(detail.rating)
        trace = Trace(
            place=_place(detail.rating),
            decision=_decision(detail.rating),
            point=Point.model_validate(detail.point) if detail.point else None,
            deliveries=[one for one in self._of(detail) if _is_wanted(one, wanted)],
        )
        history = [Rating.model_validate(row) for row in detail.history]
        evidence = {name: shown(one) for name, one in detail.evidence.items()}
        return RatingWhole(
            **dict(rating),
            evidence=evidence,
            dispute=Dispute.model_validate(detail.dispute) if detail.dispute else None,
            history=history,
            trace=trace,
        )

    def _of(self, detail: RatingDetail) -> Iterator[Delivery]:
        if not detail.events:
            return
        sinks = {sink.name: sink for sink in self._deliveries.sinks()}
        dead = self._dead(detail.rating.rating_id)
        for event in detail.events:
            for name in event.sinks:
                if (name, event.type) in dead:
                    yield Delivery(sink=name, event=event.type, state="dead")
                elif _is_settled(event, sinks.get(name)):
                    yield Delivery(sink=name, event=event.type, state="delivered")
                else:
                    yield Delivery(sink=name, event=event.type, state="owed")

    def _dead(self, rating_id: str) -> set[tuple[str, str]]:
        wanted = DeadLetterFilter(subject=rating_id, state="dead")
        letters = self._deliveries.dead_letters(wanted, Slice(_DEAD_LETTERS_MAX))
        return {(letter.sink, letter.type) for letter in letters.items}


def _is_wanted(delivery: Delivery, wanted: TraceQuery) -> bool:
    return (
        wanted.sink in {None, delivery.sink}
        and wanted.event in {None, delivery.event}
        and wanted.state in {None, delivery.state}
    )


def _is_settled(event: EventPosition, sink: SinkRow | None) -> bool:
    """Whether the sink's cursor has passed the event."""
    if sink is None:
        return False
    return (event.block, event.index) < (sink.cursor.block, sink.cursor.index)


def _place(rating: RatingRow) -> str:
    """Where its record stands; nobody recorded a default, so it names itself."""
    return str(Place.unpack(rating.place)) if rating.place >= 0 else rating.event_id


def _decision(rating: RatingRow) -> Decision:
    return Decision(
        fate="accepted",
        effective=rating.effective,
        flags=list(rating.flags),
        time_quality=rating.time_quality,
        session_key=rating.session_key,
        ordinal=rating.ordinal,
    )
