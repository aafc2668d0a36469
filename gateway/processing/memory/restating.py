"""What changes the counts of a sealed month, told from then on.

Whatever counts does so in an hour, and a statement adds up the hours of its month: what
moves counts of such an hour restates it. An open month costs one comparison.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, timedelta
from typing import Final, NamedTuple

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
Of = tuple[str, str | None]
"""A site and the month that something counts in; None: behind all that were sealed."""


class _Stays(NamedTuple):
    """Where a rating counts by now, and as what."""

    of: Of
    now: Stored


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

    def restate(self, where: Of, at_ms: int, changes: Sequence[Restated]) -> None:
        """Tell what changed the counts of a site's month."""
        for of in self._of(*where):
            self._statements.restate(of, at_ms, changes)

    def restate_own(self, where: Of, at_ms: int, changes: Sequence[Restated]) -> None:
        """As `restate`, where the counts of all sites together stay."""
        for of in self._of(*where):
            if of[0]:
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
    told of, each with the site and the month that it counted in.
    """

    def __init__(
        self, months: SealedMonths, site: str, now_ms: int, left: dict[int, Sealed]
    ) -> None:
        self._months, self._site, self._now_ms = months, site, now_ms
        self._left = left
        self._stays: dict[int, _Stays] = {}
        self._lost: dict[int, Of] = {}  # had effect by themselves, and have it no more
        self._entered = set[Of]()

    def leave(self, place: int, site: str, before: Counted) -> None:
        """A rating does not count by itself any more."""
        self._leave(place, (site, self._months.month(before)))

    def _leave(self, place: int, of: Of) -> None:
        site, month = of
        if month is not None:
            self._left[place] = site, month

    def absorbed(self, fact: SessionFact, before: Counted) -> None:
        """A session is part of another one."""
        month = self._months.month(before)
        self._months.forget(self._site, month, [(False, fact.no)])
        if fact.effective is not None:
            self._leave(fact.effective, (self._site, month))

    def alone(self, rated: Rated, site: str, before: Counted, after: Counted) -> None:
        """A rating counts by itself; `before` is () where it has not before.

        It does so at the site that it came from, whatever session it waits for.
        """
        of = site, self._months.month(after)
        self._stays[rated[1].place] = _Stays(of, rated[1])
        if before == after:
            return
        if self._stand(of, [rated], came=not before):
            self._entered.add(of)
        elif rated[0].effective > rated[1].effective:
            self._lost[rated[1].place] = of

    def session(
        self,
        fact: SessionFact | None,
        row: SessionRow,
        counts: tuple[Counted, Counted],
        rated: Iterable[Rated],
        news: str | None,
    ) -> None:
        """A session counts as it does now; `news` is what it was just told."""
        was, of = ((self._site, self._months.month(one)) for one in counts)
        own = [one for one in rated if one[1].session_no == row.no]
        stays = {now.place: _Stays(of, now) for _, now in own}
        self._stays |= stays
        answer = None if fact is None else fact.effective
        gone = fact is not None and answer not in {fact.default_place, *stays}
        if answer is not None and (gone or was != of):
            self._leave(answer, was)
        if counts[0] == counts[1]:
            return
        of_session = Restated("service", is_rating=False, subject=row.no, reason=news)
        if answer is None and was != of:
            self._tell(was, [of_session])
        told = self._stand(of, own, came=was != of)
        told += self._default(of, fact, row)
        came = was != of or any(old.session_no is None for old, _ in own)
        answer = row.effective_place
        if not told and not (came or news is not None or answer is None):
            self._tell(of, [Restated("flagged", is_rating=True, subject=answer)])
        elif not told:
            self._tell(of, [of_session])

    def finish(self, dropped: Collection[int]) -> dict[int, Sealed]:
        """Tell of ratings that count in another month or site by now, or in none.

        Those `dropped` are not told of, but answered: they go to another scope.
        """
        for place, (site, month) in self._left.items():
            if place not in dropped:
                self._arrive(place, site, month)
        for place, of in self._lost.items():
            if of not in self._entered:  # what took its place counts elsewhere
                self._tell(of, [_moved(place)])
        return {place: of for place, of in self._left.items() if place in dropped}

    def _arrive(self, place: int, site: str, month: str) -> None:
        """Tell of a rating that counted in a month of a site where it did not stay."""
        moved = [_moved(place)]
        here = self._stays.get(place)
        if here is None or here.of[1] != month:
            self._tell((site, month), moved)
        if here is None or here.of[0] == site:
            return
        self._months.restate_own((site, month), self._now_ms, moved)
        if here.now.effective:
            entered = Restated(_entered(here.now), is_rating=True, subject=place)
            self._months.restate_own(here.of, self._now_ms, [entered])

    def _stand(self, of: Of, rated: Sequence[Rated], *, came: bool) -> int:
        """Tell what became of ratings; answers of how many there is something to tell.

        Those that `came` from elsewhere had moved away, if they were told of.
        """
        kinds = {now.place: _kind(old, now) for old, now in rated}
        untold = [pair for pair in rated if not kinds[pair[1].place]]
        moot = [
            (True, now.place) for old, now in untold if old.effective > now.effective
        ]
        self._months.forget(*of, moot)
        if came:
            back = [(True, now.place) for _, now in untold]
            self._months.forget(*of, back, "moved")
        told = [
            Restated(kind, is_rating=True, subject=place)
            for place, kind in kinds.items()
            if kind
        ]
        self._tell(of, told)
        return len(told)

    def _default(self, of: Of, fact: SessionFact | None, row: SessionRow) -> int:
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
            self._months.forget(*of, [(True, place)])
            return 0
        if kind:
            self._tell(of, [Restated(kind, is_rating=True, subject=place)])
        return len(kind)

    def _tell(self, of: Of, changes: Sequence[Restated]) -> None:
        self._months.restate(of, self._now_ms, changes)


def _moved(place: int) -> Restated:
    return Restated("moved", is_rating=True, subject=place)


def _kind(old: Stored, now: Stored) -> str:
    """What became of a rating; "": nothing that is to be told by itself."""
    if now.void is not None and (old.effective or old.void is None):
        return "voided"
    if now.effective and not old.effective:
        return _entered(now)
    if now.effective and now.flags != old.flags:
        return "flagged"
    return ""


def _entered(now: Stored) -> str:
    return "late" if now.amends is None else "amended"
