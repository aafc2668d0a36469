"""News of a session as events of the outbox."""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.events.cloudevents import rfc3339
from gateway.ledger.ratings import Session, Stored, number_of
from gateway.ports import Event
from gateway.processing.alerting.alerts import announce
from gateway.processing.ratings.points import restated
from gateway.processing.state import State
from gateway.ratings.news import (
    CLOSED,
    DEFAULTED,
    FOLLOWUP_REQUIRED,
    RECORDED,
    THE_DEFAULT,
    News,
)

RATING_PREFIX: Final = "rating."


def tell(
    state: State,
    session: Session | None,
    news: News,
    ratings: Mapping[str, Stored],
    default: Stored | None,
) -> None:
    """Put one piece of news into the outbox; `ratings` are as they stand now."""
    if news.type.startswith(RATING_PREFIX):
        is_default = news.type == DEFAULTED or news.subject == THE_DEFAULT
        stored = default if is_default else ratings.get(news.subject, default)
        assert stored is not None, f"{news.type} of nothing: {news.subject}"
        related = None if news.type == RECORDED else news.related
        state.emission.events.append(
            restated(state, stored, session, news.type, related)
        )
        return
    assert session is not None
    data = _about(session.key, session.session_id, session.site)
    if news.type != CLOSED:
        data["rating_id"] = news.subject
    if news.due_ms is not None:
        data["due_at"] = rfc3339(news.due_ms)
    if news.clock is not None:
        data["clock"] = news.clock
    if news.reason is not None:
        data["reason"] = news.reason
    announce(state, news.type, news.subject or session.key, data, session.key)


def first_followup(
    state: State,
    rating_id: str,
    session: tuple[str, str | None, str | None],
    due_ms: int,
) -> Event:
    """The first word that a dissatisfied customer is to be contacted.

    `session` is (key, number, site).
    """
    data = {**_about(*session), "rating_id": rating_id, "due_at": rfc3339(due_ms)}
    return Event(
        state.ordinal,
        FOLLOWUP_REQUIRED,
        rating_id,
        1,
        state.now_ms,
        session[0],
        msgspec.json.encode(data),
    )


def _about(key: str, session_id: str | None, site: str | None) -> dict[str, object]:
    return {
        "session_key": key,
        "session_id": number_of(session_id),
        "site": site or None,
    }
