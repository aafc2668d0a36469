"""A session's rating in effect, chosen again; and the events that this owes."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from device_protocol.identity import rating_id, references
from gateway.ledger.ratings import Session, Stored
from gateway.ports import RatingEvent
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
    _write(state, (now for old, now in pairs if now != old))
    known = _settled(state, [one for one in stored if one.place not in arrived])
    _tell(state, session, pairs, settlement, arrived, void, _amending(known))


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


def _amending(settlement: Settlement) -> set[str]:
    """The ratings that amend another one."""
    standings = settlement.standings.values()
    return {one.by for one in standings if one.replaced == AMENDED and one.by}


def _tell(
    state: State,
    session: Session,
    pairs: Sequence[tuple[Stored, Stored]],
    settlement: Settlement,
    arrived: set[int],
    void: int | None,
    told: Collection[str],
) -> None:
    """`told` are the ratings that were said to amend another one before."""
    by_id = {now.rating_id: now for _, now in pairs}
    told = set(told) - {
        now.rating_id for old, now in pairs if now.version != old.version
    }
    later = []
    for old, now in pairs:
        standing = settlement.standings[now.place]
        if old.place in arrived:
            event = restated(state, now, session, RECORDED, None)
            state.emission.events.append(event)
        elif now != old:
            name = AMENDED if now.effective else SUPERSEDED
            name = name if void is None else VOIDED
            later.append(restated(state, now, session, name, standing.by))
        news = void is None and (now != old or old.place in arrived)
        if standing.by in told or not news:
            continue  # the same event again would have the same id
        if standing.replaced == AMENDED and standing.by is not None:
            told.add(standing.by)
            winner = by_id[standing.by]
            event = restated(state, winner, session, AMENDED, now.rating_id)
            later.append(event)
    state.emission.events.extend(_each_once(later))


def _each_once(events: Iterable[RatingEvent]) -> Iterable[RatingEvent]:
    """One event for each id; rather the one that says what it is related to."""
    chosen: dict[tuple[str, str, int], RatingEvent] = {}
    for event in events:
        key = (event.type, event.rating_id, event.version)
        if key not in chosen or chosen[key].related is None:
            chosen[key] = event
    return chosen.values()


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
