"""All ratings of a scope as they stand after a look: in effect, flagged, and why."""

from collections.abc import Mapping
from typing import Final

from gateway.ledger.ratings import IMPLIED, Stored
from gateway.processing.ratings.evidence import described, evidence_of, is_held
from gateway.processing.ratings.scopes import ORPHAN, WITH, Loaded
from gateway.processing.state import State
from gateway.ratings.facts import Void
from gateway.ratings.flags import STUCK_KEY
from gateway.ratings.neighbours import BY_NEIGHBOURS
from gateway.ratings.scopes import Survey
from gateway.ratings.sessions import DOUBLE_PRESS, REPEAT
from gateway.ratings.standings import LATE, RAISED, VOIDED, Stand

STANDING: Final = frozenset(
    {REPEAT, LATE, RAISED, ORPHAN, DOUBLE_PRESS, "burst", "multi_key", STUCK_KEY}
)
"""Flags that follow from how a rating stands in its session, or waits for one."""

ALONE: Final = Stand(effective=True)
ORPHANED: Final = Stand(effective=True, flags=(ORPHAN,))
"""Its evidence follows from its times."""


def as_they_stand(
    state: State,
    loaded: Loaded,
    after: Survey,
    numbers: Mapping[int, int],
    versions: Mapping[str, int],
) -> dict[str, Stored]:
    """All ratings of the scope, by rating_id, as they are to be written."""
    stands: dict[str, tuple[Stand, int | None]] = {}
    voids: dict[str, Void] = {}
    for one in after.alone:
        lone = ORPHANED if one.rating_id in after.orphans else ALONE
        stands[one.rating_id] = (lone, None)
    for each in after.sessions:
        for name, stand in each.state.stands.items():
            stands[name] = (stand, numbers[each.n])
            if stand.replaced == VOIDED and each.state.void is not None:
                voids[name] = each.state.void
    numbered = not loaded.scope[1].startswith(IMPLIED)
    now = {}
    for old in loaded.all_ratings():
        stand, number = stands[old.rating_id]
        own = _own_flags(old, numbered=numbered)
        stood = old._replace(
            effective=stand.effective,
            version=versions.get(old.rating_id, old.version),
            session_no=number,
            void=_own_void(old) or _taken_along(voids.get(old.rating_id)),
        )
        known = evidence_of(old)
        evidence = {
            **stand.evidence,
            **{name: known[name] for name in own if name in known},
        }
        flags = (*own, *stand.flags)
        if flags != old.flags or evidence != known:
            stood = described(state, stood, flags, evidence)
        now[old.rating_id] = stood
    return now


def _own_void(stored: Stored) -> dict[str, object] | None:
    """The void that was declared of the rating itself."""
    return None if stored.void is None or WITH in stored.void else stored.void


def _taken_along(void: Void | None) -> dict[str, object] | None:
    """The void of a rating that another version's void took along."""
    if void is None:
        return None
    said = {"reason": void.reason, "by": void.by, "at_ms": void.at_ms}
    return {**said, "whole": False, WITH: void.rating_id}


def _own_flags(stored: Stored, *, numbered: bool) -> list[str]:
    """The flags of a rating that do not follow from its session.

    What other presses of its device say of a press without a number stays, too.
    """
    held = is_held(stored)
    return [
        name
        for name in stored.flags
        if name not in STANDING
        or (name in BY_NEIGHBOURS and not numbered)
        or (name == STUCK_KEY and held)
    ]
