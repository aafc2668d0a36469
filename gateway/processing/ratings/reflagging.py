"""A rating with other flags than before: its row, its counts, what is told of it."""

import json
from collections.abc import Iterable

from gateway.ledger.ratings import Stored
from gateway.ledger.statements import Restated
from gateway.processing.fleet.health import suspect_key
from gateway.processing.ratings.changing import Changing
from gateway.processing.ratings.contributions import counted_lone
from gateway.processing.ratings.evidence import described, evidence_of, is_held, text_of
from gateway.processing.ratings.finding import find_rating
from gateway.processing.ratings.points import restated
from gateway.processing.state import State
from gateway.ratings.flags import STUCK_KEY, Flag
from gateway.ratings.sessions import AMENDED, SUPERSEDED


class Reflagging:
    """Gives ratings of the ledger other flags."""

    def __init__(self, state: State, changing: Changing) -> None:
        self._state = state
        self._changing = changing

    def flag(
        self, stored: Stored, judged: frozenset[str], found: Iterable[Flag]
    ) -> None:
        """Let a rating carry of the flags `judged` those that were found."""
        found = [one for one in found if one.name in judged]
        if is_held(stored):
            judged = judged - {STUCK_KEY}
            found = [one for one in found if one.name != STUCK_KEY]
        known = evidence_of(stored)
        kept = [name for name in stored.flags if name not in judged]
        evidence = {name: known[name] for name in kept if name in known}
        evidence |= {one.name: one.evidence for one in found}
        names = [one.name for one in found]
        now = described(self._state, stored, (*kept, *names), evidence)
        if set(now.flags) == set(stored.flags):
            now = now._replace(flags=stored.flags)
        if now != stored:
            self._change(stored, now)

    def _change(self, stored: Stored, now: Stored) -> None:
        """Write it, count it, and tell of it: once, whatever the session's look tells.

        Looking at its session again may tell of the rating, too, as it stands by then,
        or give it a flag back that follows from the session's other presses.
        """
        state = self._state
        self._write(now)
        state.ratings.describe([(text_of(now), now.place)])
        if now.flags == stored.flags:
            return
        known = None
        if stored.session_no is not None:
            known = state.session_books.of_number(stored.session_no)
        if known is not None and known.look is not None:
            self._changing.look_again(str(known.no))
            now = find_rating(state, now.rating_id) or now
        elif now.effective:
            counts = counted_lone(state, stored), counted_lone(state, now)
            state.counting.move(*counts)
            if counts[0] != counts[1]:
                self._restate(now, state.sealed.month(counts[1]))
        if now.version == stored.version and set(now.flags) != set(stored.flags):
            now = now._replace(version=stored.version + 1)
            self._write(now)
            kind = AMENDED if now.effective else SUPERSEDED
            state.emission.events.append(restated(state, now, known, kind, None))
        if STUCK_KEY in now.flags and STUCK_KEY not in stored.flags:
            suspect_key(state, now)

    def _restate(self, now: Stored, month: str | None) -> None:
        state = self._state
        site = state.binding(now.binding).site or ""
        flagged = Restated("flagged", is_rating=True, subject=now.place)
        state.sealed.restate((site, month), state.now_ms, [flagged])

    def _write(self, now: Stored) -> None:
        flags = json.dumps(now.flags) if now.flags else None
        self._state.ratings.stand(
            [(now.version, now.effective, flags, now.session_no, now.place)]
        )
