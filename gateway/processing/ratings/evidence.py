"""What the flags of a rating rest on, among its details."""

import json
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.ledger.figures import KEPT_OUT
from gateway.ledger.ratings import Stored
from gateway.processing.state import State
from gateway.ratings.flags import STUCK_KEY, Evidence

EVIDENCE: Final = "evidence"
"""Among a rating's details: what its flags rest on, by their names."""
HELD: Final = "held_ms"


def described(
    state: State,
    stored: Stored,
    flags: Iterable[str],
    evidence: Mapping[str, Evidence],
) -> Stored:
    """A rating with these flags, and what follows from them."""
    flags = tuple(dict.fromkeys(flags))
    details = {**stored.details}
    details.pop(EVIDENCE, None)
    details.pop(KEPT_OUT, None)
    told = {name: dict(evidence[name]) for name in flags if evidence.get(name)}
    if told:
        details[EVIDENCE] = told
    site = state.binding(stored.binding).site
    if state.exclusions.keep_out(flags, site, stored.ordinal):
        details[KEPT_OUT] = True
    return stored._replace(flags=flags, details=details)


def evidence_of(stored: Stored) -> dict[str, Evidence]:
    """What the flags of a rating rest on."""
    found: dict[str, Evidence] = stored.details.get(EVIDENCE, {})
    return found


def is_held(stored: Stored) -> bool:
    """Whether a rating's key was held: no neighbour takes that flag from it."""
    return HELD in evidence_of(stored).get(STUCK_KEY, {})


def text_of(stored: Stored) -> str | None:
    """The details as the ledger keeps them."""
    details = stored.details
    return json.dumps(details, ensure_ascii=False) if details else None
