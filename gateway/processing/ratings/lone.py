"""A rating by itself: which flags are its own, and how its row says that it stands."""

from typing import Final

from gateway.ledger.ratings import IMPLIED, Stored
from gateway.processing.ratings.evidence import is_held
from gateway.ratings.flags import STUCK_KEY
from gateway.ratings.neighbours import BY_NEIGHBOURS
from gateway.ratings.sessions import DOUBLE_PRESS, REPEAT
from gateway.ratings.standings import LATE, RAISED, VOIDED, Stand
from gateway.ratings.waiting import ORPHAN

STANDING: Final = frozenset(
    {REPEAT, LATE, RAISED, ORPHAN, DOUBLE_PRESS, "burst", "multi_key", STUCK_KEY}
)
"""Flags that follow from how a rating stands in its session, or waits for one."""


def own_flags(stored: Stored, *, numbered: bool) -> list[str]:
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


def told_last(stored: Stored, session_id: str) -> Stand:
    """How a rating without a session was told of last, under this number."""
    own = own_flags(stored, numbered=not session_id.startswith(IMPLIED))
    flags = tuple(one for one in stored.flags if one not in own)
    replaced = None if stored.void is None else VOIDED
    return Stand(effective=stored.effective, flags=flags, replaced=replaced)
