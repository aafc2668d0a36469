"""A session's rating in effect, chosen again; and the events that this owes."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from device_protocol.identity import rating_id, references
from gateway.ledger.ratings import Session, Stored
from gateway.processing.points import RECORDED, restated
from gateway.processing.state import State
from gateway.ratings.sessions import (
    AMENDED,
    DOUBLE_PRESS,
    REPEAT,
    SUPERSEDED,
    Press,
    Settlement,
    Standing,
    settle,
)

VOIDED: Final = "rating.voided"

Pair = tuple[Stored, Stored]
"""A rating as it stood, and as it stands now."""


def find_rating(state: State, rating_id: str) -> Stored | None:
    """The rating with this id, if the ledger holds it."""
    device_id, _, event_id = rating_id.partition(":")
    device = state.by_id.get(device_id)
    if device is None:
        return None
    holder = state.store.identities.find(event_id, device.no)
    if holder is None:
        return None
    return next(iter(state.ratings.at([holder.place])), None)


def meant_by(state: State, device_id: str, text: str) -> str:
    """The rating_id that a reference means: one held, its own device's first.

    Before either has come it is read as a rating_id, if it can be.
    """
    meant = references(device_id, text)
    for of, event_id in meant:
        device = state.by_id.get(of)
        if device and state.store.identities.find(event_id, device.no):
            return rating_id(of, event_id)
    return rating_id(*meant[-1])


def resettle(
    state: State, session: Session, arrived: set[int], void: int | None = None
) -> None:
    """Choose again among all ratings of a session; write and tell what changed.

    `arrived` are the places of ratings that no event has told of yet, `void` that of
    one which was just declared void.
    """
    stored = state.ratings.at(session.ratings)
    settlement = _settled(state, stored)
    session.effective = settlement.effective
    session.state = _state_of(stored, settlement.effective)
    state.ratings.settle(session)
    pairs = [(old, _standing(old, settlement, arrived, void)) for old in stored]
    news = {} if void is not None else _news(state, pairs, settlement, arrived)
    pairs = [(old, _renewed(old, now, arrived, news)) for old, now in pairs]
    _write(state, (now for old, now in pairs if now != old))
    _tell(state, session, pairs, settlement, arrived, void, news)


def record_repeat(state: State, session: Session, place: int) -> None:
    """Tell of a rating beyond those that its session's choice is made of."""
    for stored in state.ratings.at([place]):
        now = stored._replace(flags=(*stored.flags, REPEAT))
        _write(state, [now])
        state.emission.events.append(restated(state, now, session, RECORDED, None))


def declare_void(state: State, stored: Stored, reason: str, by: str) -> None:
    """Void a rating; one in effect, or an earlier version of it, with all others.

    A press without effect takes nothing with it.
    """
    session = None
    if stored.session_no is not None:
        session = state.ratings.session_of(stored.session_no)
    whole = session is not None and _is_version(state, session, stored.place)
    void = {"reason": reason, "by": by, "at_ms": state.now_ms, "whole": whole}
    state.ratings.void(stored.place, json.dumps(void, ensure_ascii=False))
    if session is not None:
        resettle(state, session, set(), stored.place)
    elif stored.mode == "live":
        now = stored._replace(effective=False, version=stored.version + 1)
        _write(state, [now])
        state.emission.events.append(restated(state, now, None, VOIDED, None))


def _is_version(state: State, session: Session, place: int) -> bool:
    """Whether a press is, or once was, the rating of its session."""
    standings = _settled(state, state.ratings.at(session.ratings)).standings
    standing = standings.get(place, Standing(effective=False))
    return standing.effective or standing.replaced == AMENDED


def _settled(state: State, stored: Sequence[Stored]) -> Settlement:
    ids = {one.rating_id for one in stored}
    return settle([_press(one, ids) for one in stored], state.policy)


def _write(state: State, changed: Iterable[Stored]) -> None:
    state.ratings.restate(
        (
            now.version,
            now.effective,
            json.dumps(now.flags) if now.flags else None,
            now.place,
        )
        for now in changed
    )


def _standing(
    old: Stored, settlement: Settlement, arrived: set[int], void: int | None
) -> Stored:
    """The rating as it stands now; what an event already told of gets a version."""
    standing = settlement.standings[old.place]
    flags = tuple(flag for flag in old.flags if flag not in {DOUBLE_PRESS, REPEAT})
    if standing.flag is not None:
        flags = (*flags, standing.flag)
    now = old._replace(effective=standing.effective, flags=flags)
    if (now != old and old.place not in arrived) or old.place == void:
        now = now._replace(version=old.version + 1)
    return now


def _changed(old: Stored, now: Stored) -> bool:
    """Whether a rating stands otherwise than before, whatever its version."""
    return (old.effective, old.flags) != (now.effective, now.flags)


def _news(
    state: State, pairs: Sequence[Pair], settlement: Settlement, arrived: set[int]
) -> dict[str, str]:
    """Which rating is to be said to amend which.

    One that amended another before is not told again for the sake of a third.
    """
    news: dict[str, str] = {}
    for old, now in pairs:
        standing = settlement.standings[now.place]
        is_new = _changed(old, now) or old.place in arrived
        if standing.replaced == AMENDED and standing.by is not None and is_new:
            news.setdefault(standing.by, now.rating_id)
    if news:
        before = _settled(state, [old for old, _ in pairs if old.place not in arrived])
        changed = {now.rating_id for old, now in pairs if _changed(old, now)}
        for standing in before.standings.values():
            if standing.replaced == AMENDED and standing.by not in changed:
                news.pop(standing.by or "", None)
    return news


def _renewed(
    old: Stored, now: Stored, arrived: set[int], news: Mapping[str, str]
) -> Stored:
    """What is told of again gets a version: an event's id never comes twice."""
    told_before = now.version == old.version and old.place not in arrived
    if told_before and now.rating_id in news:
        return now._replace(version=old.version + 1)
    return now


def _tell(
    state: State,
    session: Session,
    pairs: Sequence[Pair],
    settlement: Settlement,
    arrived: set[int],
    void: int | None,
    news: Mapping[str, str],
) -> None:
    """Put into the outbox what arrived, what changed, and what amends what now."""
    events = state.emission.events
    for _, now in pairs:
        if now.place in arrived:
            events.append(restated(state, now, session, RECORDED, None))
    for old, now in pairs:
        if now.place not in arrived and (_changed(old, now) or now.place == void):
            by = settlement.standings[now.place].by
            if void is not None:
                events.append(restated(state, now, session, VOIDED, by))
            elif not now.effective:
                events.append(restated(state, now, session, SUPERSEDED, by))
            elif now.rating_id not in news:
                events.append(restated(state, now, session, AMENDED, None))
        if now.rating_id in news:
            amended = news[now.rating_id]
            events.append(restated(state, now, session, AMENDED, amended))


def _press(one: Stored, ids: Collection[str]) -> Press:
    """A rating as the choice sees it; `ids` are those of its session."""
    amends = None
    if one.amends is not None:
        meant = [rating_id(*each) for each in references(one.device_id, one.amends)]
        amends = next((text for text in meant if text in ids), meant[0])
    return Press(
        one.place,
        one.rating_id,
        one.device_id,
        one.seq,
        one.occurred_ms,
        one.origin,
        one.round,
        amends,
        one.void is not None and one.void.get("whole") is True,
    )


def _state_of(stored: Sequence[Stored], effective: int | None) -> str:
    if any(one.void and one.void.get("whole") for one in stored):
        return "voided"
    if effective is None:
        return "awaiting"
    chosen = next(one for one in stored if one.place == effective)
    if chosen.origin == "device_timeout":
        return "defaulted"
    first = min(stored, key=lambda one: one.occurred_ms)
    return "rated" if first.place == effective else "amended"
