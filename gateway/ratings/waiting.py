"""How ratings stand that wait for the session which they require.

Source: rating rules, "Session lifecycle". Until it is known they stand as in the one
that they would imply: of a customer's presses one counts, an amendment takes the place
of what it amends, and a second opinion is in effect never.
"""

from collections.abc import Collection, Iterable
from typing import Final

from gateway.ratings.facts import RatingFact, Void
from gateway.ratings.grouping import together
from gateway.ratings.policy import SessionRules
from gateway.ratings.sessions import AMENDED, REPEAT
from gateway.ratings.standings import Stand, choose
from gateway.ratings.workdays import Calendar

ORPHAN: Final = "orphan"
"""The flag of a rating that has waited too long for its session."""
CHOSEN_MAX: Final = 16
"""Ratings of one number that a choice is made of; later ones are without effect."""


def stands_of(
    waiting: Iterable[RatingFact],
    voids: Collection[Void],
    rules: SessionRules,
    calendar: Calendar,
    orphans: Collection[str] = (),
) -> dict[str, Stand]:
    """How each stands, by rating_id; `orphans` have waited long enough."""
    stands: dict[str, Stand] = {}
    for some in together(waiting, rules, calendar):
        stands |= _of_one(some, voids, rules, calendar)
    for name in stands.keys() & set(orphans):
        stands[name] = stands[name]._replace(flags=(*stands[name].flags, ORPHAN))
    return stands


def is_version(stand: Stand) -> bool:
    """Whether a rating is, or was, the answer of those that wait together."""
    return stand.effective or stand.replaced == AMENDED


def _of_one(
    some: tuple[RatingFact, ...],
    voids: Collection[Void],
    rules: SessionRules,
    calendar: Calendar,
) -> dict[str, Stand]:
    def amend_until(first_ms: int) -> int:
        days = rules.amend_window_days
        return calendar.deadline(first_ms, days, rules.day_unit).at_ms

    ids = {one.rating_id for one in some}
    own = [one for one in voids if one.rating_id in ids]
    choice = choose(some[:CHOSEN_MAX], own, rules, None, amend_until)
    rest = {one.rating_id: Stand(flags=(REPEAT,)) for one in some[CHOSEN_MAX:]}
    return {**choice.stands, **rest}
