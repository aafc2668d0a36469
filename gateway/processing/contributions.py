"""What a rating, or a session, is counted as."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from gateway.ledger.figures import KEPT_OUT, SHARED, FigureKey
from gateway.ledger.ratings import Stored
from gateway.ledger.sessions import SessionRow
from gateway.processing.bindings import TERMINAL
from gateway.processing.counting import Counted, Rated, cell_key
from gateway.processing.state import State
from gateway.ratings.cells import RECEIVED, Cell, of_rating, of_session, parts
from gateway.ratings.facts import RatingFact
from gateway.ratings.flags import keeps_out
from gateway.ratings.state import SessionState


def counted_lone(state: State, stored: Stored) -> Counted:
    """What a rating alone counts as: it has no session, or one that it implied."""
    if stored.level is None:
        return ()
    zone, device = state.zone_at(stored.ordinal), state.by_id[stored.device_id]
    rated = (stored.employee_id, stored.origin, stored.level, stored.occurred_ms)
    return _lone(state, zone, (stored.binding, device.no), rated, stored.details)


def count_alone(
    state: State,
    where: tuple[int, int],
    rated: Rated,
    details: Mapping[str, Any],
) -> None:
    """Count a rating alone that was just recorded; `where`: binding and device."""
    state.counting.move((), _lone(state, state.zone, where, rated, details))


def _lone(
    state: State,
    zone: tzinfo,
    where: tuple[int, int],
    rated: Rated,
    details: Mapping[str, Any],
) -> Counted:
    employee, origin, level, occurred_ms = rated
    kept_out = bool(details.get(KEPT_OUT))
    hour = state.counting.hour_of(zone, occurred_ms)
    key = cell_key(*where, employee)
    cell = of_rating(origin, level, excluded=kept_out)
    return (
        *state.counting.counted(hour, key, cell),
        *_parts(state, (hour, key), (origin, level), details, kept_out=kept_out),
    )


def counted_session(
    state: State, row: SessionRow, now: SessionState, ratings: Mapping[str, Stored]
) -> Counted:
    """What a session counts as, on the moment and by the binding of its period."""
    rules = state.flag_rules
    excluded = [name for name, one in ratings.items() if keeps_out(one.flags, rules)]
    effective = None if now.effective is None else ratings[now.effective.rating_id]
    hour = state.counting.hour_of(state.zone, now.counts_ms)
    medium = TERMINAL
    scale = state.profiles.scale(None)
    if effective is not None:
        rated = state.binding(effective.binding)
        medium, scale = rated.medium, rated.scale
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
