"""The counts that every figure is made of; they add up, and can be taken back.

A cell is a sparse vector of counts by slot. Cells form a group under addition, so that
a day's cells make a month's, in any order and grouping, and an amendment, a void or a
superseded default is the difference of two contributions.

Slots: `customer.5` effective ratings by origin and level, `customer.5!` those that an
excluding flag keeps out of the verified figures, `customer.5@4-maker` those of either
that were given on a scale that is told apart; `eligible`, `rated` and `rated!`,
`invited`, `awaiting`, `voided`, `reason.left` sessions; `received`, `lost` events.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from device_protocol.messages import Origin
from gateway.ratings.facts import RatingFact
from gateway.ratings.lifecycle import State
from gateway.ratings.scoring import LEVELS
from gateway.ratings.state import SessionState

Cell = Mapping[str, int]
CUSTOMERS: Final = (Origin.CUSTOMER.value, Origin.STAFF_PROXY.value)
DEFAULTS: Final = ("system_default", "device_timeout")
ELIGIBLE: Final = "eligible"
RATED: Final = "rated"
INVITED: Final = "invited"
AWAITING: Final = "awaiting"
VOIDED: Final = "voided"
REASON: Final = "reason."
RECEIVED: Final = "received"
LOST: Final = "lost"
EXCLUDED: Final = "!"
ON_SCALE: Final = "@"
UNKNOWN_REASON: Final = "unknown"
EMPTY: Final[Cell] = {}


def add(cells: Iterable[Cell]) -> dict[str, int]:
    """The sum of cells; slots of nothing are left out."""
    total: dict[str, int] = {}
    for cell in cells:
        for slot, count in cell.items():
            total[slot] = total.get(slot, 0) + count
    return {slot: count for slot, count in total.items() if count}


def negative(cell: Cell) -> dict[str, int]:
    """What takes a cell back."""
    return {slot: -count for slot, count in cell.items()}


def difference(after: Cell, before: Cell) -> dict[str, int]:
    """What leads from one cell to another."""
    return add((after, negative(before)))


def level_slot(origin: str, level: int, *, excluded: bool = False) -> str:
    """Where a rating in effect is counted; an origin unknown here is a customer's."""
    known = origin if origin in DEFAULTS or origin in CUSTOMERS else CUSTOMERS[0]
    return f"{known}.{level}{EXCLUDED if excluded else ''}"


LEVEL_SLOTS: Final = frozenset(
    level_slot(origin, level, excluded=excluded)
    for origin in (*CUSTOMERS, *DEFAULTS)
    for level in LEVELS
    for excluded in (False, True)
)


def scale_slot(slot: str, scale: str) -> str:
    """Where a rating on a scale that is told apart is counted beside its level's."""
    return f"{slot}{ON_SCALE}{scale}"


def on_scale(cell: Cell, scale: str) -> dict[str, int]:
    """The ratings of a cell, all of them given on one scale, as of that scale."""
    return {
        scale_slot(slot, scale): count
        for slot, count in cell.items()
        if slot in LEVEL_SLOTS
    }


def of_rating(origin: str, level: int, *, excluded: bool = False) -> dict[str, int]:
    """What one rating in effect without a session of its own adds."""
    return {level_slot(origin, level, excluded=excluded): 1}


def of_session(
    session: SessionState | None, excluded: Collection[str] = ()
) -> dict[str, int]:
    """What a session adds; `excluded` are rating_ids that a flag keeps out.

    None adds nothing: the difference of two calls is what a fold has to write.
    """
    if session is None:
        return {}
    cell: dict[str, int] = {}
    kept_out = False
    rating = session.effective
    if rating is not None:
        kept_out = rating.rating_id in excluded
        cell[level_slot(rating.origin, rating.level, excluded=kept_out)] = 1
    if session.default is not None and session.default.effective:
        cell[level_slot("system_default", session.default.level)] = 1
    if session.state == State.VOIDED:
        cell[VOIDED] = 1
    if session.countable:
        cell |= _of_countable(session, kept_out=kept_out)
    return cell


def _of_countable(session: SessionState, *, kept_out: bool) -> dict[str, int]:
    cell = {ELIGIBLE: 1}
    if session.service.invited_ms is not None:
        cell[INVITED] = 1
    if session.responded:
        cell[RATED + EXCLUDED if kept_out else RATED] = 1
    else:
        cell[REASON + (session.unrated_reason or UNKNOWN_REASON)] = 1
    if session.state == State.AWAITING:
        cell[AWAITING] = 1
    return cell


class Part(NamedTuple):
    """A rating as one of its items, or one of its reasons, has it."""

    dimension: str  # item or reason
    value: str
    cell: Cell


def parts(
    rating: RatingFact,
    items: Iterable[tuple[str, int]],
    reasons: Iterable[str],
    *,
    excluded: bool = False,
) -> list[Part]:
    """What a rating in effect adds by item (with its own level) and by reason."""
    by_item = [
        Part("item", code, of_rating(rating.origin, level, excluded=excluded))
        for code, level in items
    ]
    whole = of_rating(rating.origin, rating.level, excluded=excluded)
    return by_item + [Part("reason", code, whole) for code in dict.fromkeys(reasons)]
