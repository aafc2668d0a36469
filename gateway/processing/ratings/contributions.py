"""What a rating, or a session, is counted as."""

from collections.abc import Mapping
from typing import Any

from device_protocol.identity import rating_id, references
from gateway.ledger.devices import Binding
from gateway.ledger.figures import KEPT_OUT, SHARED, FigureKey
from gateway.ledger.ratings import Stored
from gateway.ledger.sessions import SessionRow
from gateway.processing.memory.counting import Counted, Rated, cell_key
from gateway.processing.ratings.bindings import TERMINAL
from gateway.processing.state import State
from gateway.ratings.cells import RECEIVED, Cell, of_rating, of_session, parts
from gateway.ratings.facts import RatingFact
from gateway.ratings.state import SessionState


def counted_lone(state: State, stored: Stored) -> Counted:
    """What a rating alone counts as: it has no session, or one that it implied."""
    if stored.level is None:
        return ()
    site, device = state.binding(stored.binding).site, state.by_id[stored.device_id]
    hour = state.zones.hours_at(site, stored.ordinal).of(stored.occurred_ms)
    rated = (stored.employee_id, stored.origin, stored.level)
    return _lone(state, hour, (stored.binding, device.no), rated, stored.details)


def counted_waiting(state: State, stored: Stored) -> Counted:
    """As `counted_lone`; a rating without effect counts as one that came."""
    if stored.effective or stored.level is None:
        return counted_lone(state, stored)
    site, device = state.binding(stored.binding).site, state.by_id[stored.device_id]
    hour = state.zones.hours_at(site, stored.ordinal).of(stored.occurred_ms)
    key = cell_key(stored.binding, device.no, stored.employee_id)
    return state.counting.counted(hour, key, {RECEIVED: 1})


def count_alone(
    state: State,
    where: tuple[Binding, int],
    rated: Rated,
    details: Mapping[str, Any],
) -> None:
    """Count a rating alone that was just recorded; `where`: binding and device."""
    binding, device_no = where
    hour = state.rulings[binding.site].hours.of(rated[3])
    found = _lone(state, hour, (binding.no, device_no), rated[:3], details)
    state.counting.move((), found)


def _lone(
    state: State,
    hour: int,
    where: tuple[int, int],
    rated: tuple[str | None, str, int],
    details: Mapping[str, Any],
) -> Counted:
    employee, origin, level = rated
    kept_out = bool(details.get(KEPT_OUT))
    key = cell_key(*where, employee)
    cell = of_rating(origin, level, excluded=kept_out)
    return (
        *state.counting.counted(hour, key, cell),
        *_parts(state, (hour, key), (origin, level), details, kept_out=kept_out),
    )


def counted_session(
    state: State,
    row: SessionRow,
    now: SessionState,
    ratings: Mapping[str, Stored],
    default: Stored | None,
) -> Counted:
    """What a session counts as, on the moment and by the binding of its period."""
    ruling = state.rulings[row.site]
    excluded = [
        name
        for name, one in ratings.items()
        if state.exclusions.keep_out(one.flags, row.site, one.ordinal)
    ]
    effective = None if now.effective is None else ratings[now.effective.rating_id]
    hour = ruling.hours.of(now.counts_ms)
    medium, scale = _how_it_came(state, now, ratings, default)
    binding = state.bind(row.site or None, row.department, row.window, medium, scale)
    key = cell_key(binding.no, row.device_no or 0, row.employee_id, row.service_code)
    cell = {**of_session(now, excluded), **_received(now)}
    found = state.counting.counted(hour, key, cell)
    if effective is None:
        return found
    rated_as = (effective.origin, effective.level or 0)
    kept_out = effective.rating_id in excluded
    others = _parts(state, (hour, key), rated_as, effective.details, kept_out=kept_out)
    return (*found, *others)


def _how_it_came(
    state: State,
    now: SessionState,
    ratings: Mapping[str, Stored],
    default: Stored | None,
) -> tuple[str, str]:
    """Medium and scale of the answer, also of one that was declared void.

    A default in effect is on the scale of the session's terminal, an amendment over
    HTTP on that of what it amends, whichever of the two came first.
    """
    answer = ratings[now.chain[-1].rating_id] if now.chain else None
    rated = None if answer is None else state.binding(answer.binding)
    medium = TERMINAL if rated is None else rated.medium
    if default is not None and default.effective:
        return medium, state.binding(default.binding).scale
    if answer is None or rated is None:
        return medium, state.profiles.scale(None)
    if medium != TERMINAL and answer.amends is not None:
        return medium, _scale_over_http(state, answer, ratings)
    return medium, rated.scale


def _scale_over_http(
    state: State, answer: Stored, ratings: Mapping[str, Stored]
) -> str:
    """That of the rating of the session that is amended, if there is one."""
    for _ in ratings:
        meant = references(answer.device_id, answer.amends or "")
        names = (name for name in (rating_id(*one) for one in meant) if name in ratings)
        amended = next(names, None)
        if amended is None or state.binding(answer.binding).medium == TERMINAL:
            break
        answer = ratings[amended]
    return state.binding(answer.binding).scale


def _received(now: SessionState) -> Cell:
    """Ratings that came beside the one in effect, which counts by its level."""
    came = len(now.stands) - (now.effective is not None)
    return {RECEIVED: came} if came else {}


def _parts(
    state: State,
    at: tuple[int, FigureKey],
    rated: tuple[str, int],
    details: Mapping[str, Any],
    *,
    kept_out: bool,
) -> Counted:
    """The same rating by item, by reason, and by who else is credited."""
    if not details:
        return ()
    hour, key = at
    origin, level = rated
    fact = RatingFact(0, "", "", 0, level, origin=origin)
    cells = [
        (f"{part.dimension}:{part.value}", part.cell)
        for part in parts(
            fact,
            details.get("items", ()),
            details.get("reasons", ()),
            excluded=kept_out,
        )
    ]
    whole = of_rating(origin, level, excluded=kept_out)
    others = dict.fromkeys(details.get("attributions", ()))
    cells += [(f"{SHARED}:{one}", whole) for one in others if one != key[2]]
    found: list[tuple[int, int]] = []
    for name, cell in cells:
        found += state.counting.counted(hour, (*key[:4], name), cell)
    return tuple(found)
