"""What changes the counts of a sealed month, told from then on.

Whatever counts does so in an hour, and a statement adds up the hours of its month: what
moves counts of such an hour restates it. An open month costs one comparison.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, timedelta
from typing import Final

from gateway.ledger.figures import HOURS, PERIOD_SHIFT
from gateway.ledger.ratings import Stored
from gateway.ledger.sessions import SessionFact, SessionRow
from gateway.ledger.statements import Restated, Sealed, Statements, Subject
from gateway.processing.memory.counting import Counted
from gateway.ratings.lifecycle import State as Lifecycle
from gateway.ratings.periods import NAMES, LocalTime, period

_MONTH_OF: Final = NAMES["month"]
_UTC: Final = LocalTime(UTC)

Rated = tuple[Stored, Stored]
"""A rating as the ledger held it, and as it stands now."""


class SealedMonths:
    """The statements there are.

    What counts from `until_ms` on counts in no sealed month, in whatever zone;
    `until_hour` is the same in local hours.
    """

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._sealed = statements.sealed()
        self.until_hour = self.until_ms = 0
        for of in self._sealed:
            self._reach(of)

    def holds(self, of: Sealed) -> bool:
        return of in self._sealed

    def seal(self, of: Sealed, author: str, data: str) -> None:
        self._statements.add(of, author, data)
        self._sealed.add(of)
        self._reach(of)

    def _reach(self, of: Sealed) -> None:
        end = period(of[1]).end
        self.until_hour = max(self.until_hour, end.toordinal() * HOURS)
        self.until_ms = max(self.until_ms, _UTC.begin_ms(end + timedelta(days=1)))

    def month_of(self, hour: int) -> str | None:
        """The month of a local hour; None: it is behind all that were sealed."""
        if hour >= self.until_hour:
            return None
        return _MONTH_OF(date.fromordinal(hour // HOURS))

    def month(self, counted: Counted) -> str | None:
        """As `month_of`, of what a session or a rating counts as: one hour's, or ()."""
        return self.month_of(counted[0][0] >> PERIOD_SHIFT) if counted else None

    def restate(
        self, site: str, month: str | None, at_ms: int, changes: Sequence[Restated]
    ) -> None:
        """Tell what changed the counts of a site's month."""
        for of in self._of(site, month):
            self._statements.restate(of, at_ms, changes)

    def forget(
        self,
        site: str,
        month: str | None,
        gone: Sequence[Subject],
        kind: str | None = None,
    ) -> None:
        """Tell no more of what changes nothing in that month by now.

        With a kind only of what is told of as such.
        """
        for of in self._of(site, month):
            self._statements.forget(of, gone, kind)

    def _of(self, site: str, month: str | None) -> list[Sealed]:
        """The statements that a month of a site is in: all sites' and its own."""
        if month is None:
            return []
        both = ((of, month) for of in dict.fromkeys(("", site)))
        return [of for of in both if of in self._sealed]


class Moves:
    """What one look at a scope changes in sealed months.

    `left` are places of ratings on their way from another scope, which the look before
    told of, each with the month that it counted in.
    """

    def __init__(
        self, months: SealedMonths, site: str, now_ms: int, left: dict[int, str]
    ) -> None:
        self._months, self._site, self._now_ms = months, site, now_ms
        self._left = left
        self._stays: dict[int, str | None] = {}

    def leave(self, place: int, before: Counted) -> None:
        """A rating does not count by itself any more."""
        month = self._months.month(before)
        if month is not None:
            self._left[place] = month

    def absorbed(self, fact: SessionFact, before: Counted) -> None:
        """A session is part of another one."""
        self._months.forget(self._site, self._months.month(before), [(False, fact.no)])
        if fact.effective is not None:
            self.leave(fact.effective, before)

    def alone(self, rated: Rated, before: Counted, after: Counted) -> None:
        """A rating counts by itself; `before` is () where it has not before."""
        month = self._months.month(after)
        self._stays[rated[1].place] = month
        if before != after:
            self._stand(month, [rated], came=not before)

    def session(
        self,
        fact: SessionFact | None,
        row: SessionRow,
        counts: tuple[Counted, Counted],
        rated: Iterable[Rated],
        news: str | None,
    ) -> None:
        """A session counts as it does now; `news` is what it was just told."""
        was, month = map(self._months.month, counts)
        own = [one for one in rated if one[1].session_no == row.no]
        self._stays |= {now.place: month for _, now in own}
        if counts[0] == counts[1]:
            return
        of_session = Restated("service", is_rating=False, subject=row.no, reason=news)
        if was is not None and was != month:
            answer = None if fact is None else fact.effective
            self._tell(was, [of_session if answer is None else _moved(answer)])
        told = self._stand(month, own, came=was != month)
        told += self._default(month, fact, row)
        came = was != month or any(old.session_no is None for old, _ in own)
        answer = row.effective_place
        if not told and not (came or news is not None or answer is None):
            self._tell(month, [Restated("flagged", is_rating=True, subject=answer)])
        elif not told:
            self._tell(month, [of_session])

    def finish(self, dropped: Collection[int]) -> dict[int, str]:
        """Tell of ratings that count in another month by now, or in none.

        Those `dropped` are not told of, but answered: they go to another scope.
        """
        for place, month in self._left.items():
            if place not in dropped and self._stays.get(place) != month:
                self._tell(month, [_moved(place)])
        return {place: self._left[place] for place in self._left if place in dropped}

    def _stand(self, month: str | None, rated: Sequence[Rated], *, came: bool) -> int:
        """Tell what became of ratings; answers of how many there is something to tell.

        Those that `came` from elsewhere had moved away, if they were told of.
        """
        kinds = {now.place: _kind(old, now) for old, now in rated}
        untold = [pair for pair in rated if not kinds[pair[1].place]]
        moot = [
            (True, now.place) for old, now in untold if old.effective > now.effective
        ]
        self._months.forget(self._site, month, moot)
        if came:
            back = [(True, now.place) for _, now in untold]
            self._months.forget(self._site, month, back, "moved")
        told = [
            Restated(kind, is_rating=True, subject=place)
            for place, kind in kinds.items()
            if kind
        ]
        self._tell(month, told)
        return len(told)

    def _default(
        self, month: str | None, fact: SessionFact | None, row: SessionRow
    ) -> int:
        """As `_stand`, of a session's default."""
        place = row.default_place
        if place is None:
            return 0
        counted = fact is not None and fact.effective == place
        if row.effective_place == place:
            kind = "" if counted else "default"
        elif counted and row.state == Lifecycle.VOIDED:
            kind = "voided"
        else:
            self._months.forget(self._site, month, [(True, place)])
            return 0
        if kind:
            self._tell(month, [Restated(kind, is_rating=True, subject=place)])
        return len(kind)

    def _tell(self, month: str | None, changes: Sequence[Restated]) -> None:
        self._months.restate(self._site, month, self._now_ms, changes)


def _moved(place: int) -> Restated:
    return Restated("moved", is_rating=True, subject=place)


def _kind(old: Stored, now: Stored) -> str:
    """What became of a rating; "": nothing that is to be told by itself."""
    if now.void is not None and (old.effective or old.void is None):
        return "voided"
    if now.effective and not old.effective:
        return "late" if now.amends is None else "amended"
    if now.effective and now.flags != old.flags:
        return "flagged"
    return ""
