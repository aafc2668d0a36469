"""All ratings of a scope as they stand after a look: in effect, flagged, and why."""

from collections.abc import Mapping

from gateway.ledger.ratings import IMPLIED, Stored
from gateway.processing.ratings.evidence import described, evidence_of
from gateway.processing.ratings.lone import own_flags
from gateway.processing.ratings.scopes import WITH, Loaded
from gateway.processing.state import State
from gateway.ratings.facts import Void
from gateway.ratings.scopes import Survey
from gateway.ratings.standings import VOIDED, Stand


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
        stands[one.rating_id] = (after.waited[one.rating_id], None)
    for each in after.sessions:
        for name, stand in each.state.stands.items():
            stands[name] = (stand, numbers[each.n])
            if stand.replaced == VOIDED and each.state.void is not None:
                voids[name] = each.state.void
    numbered = not loaded.scope[1].startswith(IMPLIED)
    now = {}
    for old in loaded.all_ratings():
        stand, number = stands[old.rating_id]
        own = own_flags(old, numbered=numbered)
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
