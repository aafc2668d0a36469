"""How ratings stand that wait for the session which they require.

Source: rating rules, "Session lifecycle". Until it is known they stand as in the one
that they would imply: of a customer's presses one counts, an amendment takes the place
of what it amends, and a second opinion is in effect never.
"""

from collections.abc import Collection, Iterable
from typing import Final

from gateway.ratings.facts import RatingFact, Void
from gateway.ratings.grouping import Lasting, together
from gateway.ratings.sessions import AMENDED, REPEAT
from gateway.ratings.standings import Stand, choose

ORPHAN: Final = "orphan"
"""The flag of a rating that has waited too long for its session."""
CHOSEN_MAX: Final = 16
"""Ratings of one number that a choice is made of; later ones are without effect."""


def stands_of(
    waiting: Iterable[RatingFact],
    voids: Collection[Void],
    lasting: Lasting,
    orphans: Collection[str] = (),
) -> dict[str, Stand]:
    """How each stands, by rating_id; `orphans` have waited long enough."""
    stands: dict[str, Stand] = {}
    for some in together(waiting, lasting):
        stands |= _of_one(some, voids, lasting)
    for name in stands.keys() & set(orphans):
        stands[name] = stands[name]._replace(flags=(*stands[name].flags, ORPHAN))
    return stands


def is_version(stand: Stand) -> bool:
    """Whether a rating is, or was, the answer of those that wait together."""
    return stand.effective or stand.replaced == AMENDED


def _of_one(
    some: tuple[RatingFact, ...], voids: Collection[Void], lasting: Lasting
) -> dict[str, Stand]:
    ids = {one.rating_id for one in some}
    own = [one for one in voids if one.rating_id in ids]
    choice = choose(some[:CHOSEN_MAX], own, lasting.rules, None, lasting.amend_until)
    rest = {one.rating_id: Stand(flags=(REPEAT,)) for one in some[CHOSEN_MAX:]}
    return {**choice.stands, **rest}
