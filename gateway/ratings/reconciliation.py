"""Day's end: what terminals say they did, against what we keep and what sinks took.

Source: rating rules, "Figures", day's end. Counts are of one site and one local day.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

NAMED_MAX: Final = 200
"""Devices that do not agree which a record names; it counts them all."""
_SUMS: Final = ("accepted", "other", "duplicate", "flagged", "quarantined", "missing")


class DeviceDay(msgspec.Struct, frozen=True, kw_only=True):
    """One terminal's day.

    `presses` is how far its key counters rose, None: it told none; unless `exact`
    there were more, for they began anew. `events` is how far its `seq` rose, None: it
    told none. `accepted` are ratings, `other` the events that are none, `flagged` some
    of the accepted, `duplicate` resends. `quarantined` wait for an operator, `purged`
    were decided by one. `missing` are numbers that never came.
    """

    device_id: str
    presses: int | None = None
    exact: bool = True
    events: int | None = None
    accepted: int = 0
    other: int = 0
    duplicate: int = 0
    flagged: int = 0
    quarantined: int = 0
    purged: int = 0
    missing: int = 0

    @property
    def explained(self) -> int:
        """Ratings that can be pointed at: in the ledger, visibly not, or known lost."""
        return self.accepted + self.quarantined + self.purged + self.missing

    @property
    def unexplained(self) -> int:
        """Presses that nothing is known of; negative: ratings that nobody pressed."""
        if self.presses is None:
            return 0
        found = self.presses - self.explained
        return found if self.exact else max(0, found)

    @property
    def equal(self) -> bool:
        """Whether every press is a rating: none lost, none kept back, none beyond."""
        return not (self.missing or self.quarantined or self.unexplained)


class SinkDay(msgspec.Struct, frozen=True, kw_only=True):
    """All that was addressed to a sink up to the end of a day, and its fates by then.

    `addressed` is the ledger's count, the others are what the sink's lane confirmed;
    None: it has not yet.
    """

    name: str
    addressed: int
    delivered: int | None = None
    dead: int | None = None
    owed: int | None = None

    @property
    def equal(self) -> bool:
        """Whether nothing is unaccounted for; what is owed is accounted for."""
        told = (self.delivered, self.dead, self.owed)
        counts = [count for count in told if count is not None]
        return len(counts) == len(told) and self.addressed == sum(counts)


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """A site's day: sums, and the devices and sinks that do not agree.

    `presses` and `unexplained` are of the `counted` devices: those that told presses.
    """

    devices: int
    counted: int
    presses: int
    unexplained: int
    accepted: int
    other: int
    duplicate: int
    flagged: int
    quarantined: int
    missing: int
    unequal: int
    named: Sequence[DeviceDay] = ()
    sinks: Sequence[SinkDay] = ()

    @property
    def equal(self) -> bool:
        return not self.unequal and all(one.equal for one in self.sinks)


def reconcile(devices: Iterable[DeviceDay], sinks: Iterable[SinkDay]) -> Reconciliation:
    """Compare a site's day; sorted by name, so that its record is reproducible."""
    days = sorted(devices, key=lambda one: one.device_id)
    counted = [one for one in days if one.presses is not None]
    unequal = [one for one in days if not one.equal]
    sums = {name: sum(getattr(one, name) for one in days) for name in _SUMS}
    return Reconciliation(
        devices=len(days),
        counted=len(counted),
        presses=sum(one.presses or 0 for one in counted),
        unexplained=sum(one.unexplained for one in counted),
        unequal=len(unequal),
        named=unequal[:NAMED_MAX],
        sinks=sorted(sinks, key=lambda one: one.name),
        **sums,
    )


def taken_of_span(told: int, explained: int, spanned: int) -> int:
    """What a day takes of the presses between its last beat and the next one.

    `told` are the presses that are the day's for sure. Nobody can see when those in
    between were made; so many as the day's ratings call for were made on it.
    """
    return min(max(explained - told, 0), spanned)


class Numbers(msgspec.Struct, frozen=True):
    """The numbers of a day: after `low`, up to `high`; None: not told."""

    low: int | None
    high: int | None

    @property
    def events(self) -> int | None:
        if self.low is None or self.high is None or self.high < self.low:
            return None
        return self.high - self.low


class Gap(msgspec.Struct, frozen=True):
    """Numbers `low` to `high` never came; it came to light on local day `day`.

    `former`: the terminal has begun its numbers anew since.
    """

    low: int
    high: int
    day: int
    former: bool = False


class KeptNumbers(NamedTuple):
    """What came and lies in quarantine: a number for each event.

    `own` came on the day itself, `earlier` on those before it, from day `since` on.
    """

    since: int = 0
    earlier: Sequence[int] = ()
    own: Sequence[int] = ()


_NONE_KEPT: Final = KeptNumbers()
_Range = tuple[int, int]


def missing_of(
    day: int,
    numbers: Numbers,
    last: int | None,
    gaps: Sequence[Gap],
    kept: KeptNumbers = _NONE_KEPT,
) -> int:
    """How many events of a day never came.

    Where the terminal told its numbers, those of the day's that did not come, `last`
    being the greatest that did; else, and of numbers given before they began anew,
    what came to light on the day. What is `kept` came, and stands for one event each:
    for one of its own day, where such a number was given before they began anew.
    """
    absent = [one for one in _absent(day, numbers, last, gaps) if one[0] <= one[1]]
    then = [
        (gap.low, gap.high)
        for gap in gaps
        if gap.former and kept.since <= gap.day < day
    ]
    came = Counter(kept.earlier)
    came = came - _within(came, then) + Counter(kept.own)
    found = _within(came, absent)
    lacking = sum(high - low + 1 for low, high in absent)
    return lacking - sum(min(came[one], times) for one, times in found.items())


def _within(numbers: Iterable[int], ranges: Iterable[_Range]) -> Counter[int]:
    """How many of the ranges hold each number."""
    rising, found = sorted(numbers), Counter[int]()
    for low, high in ranges:
        found.update(rising[bisect_left(rising, low) : bisect_right(rising, high)])
    return found


def _absent(
    day: int, numbers: Numbers, last: int | None, gaps: Iterable[Gap]
) -> Iterator[_Range]:
    """The ranges of a day's numbers that no event was accepted of."""
    low = -1 if numbers.low is None else numbers.low
    high = numbers.high
    if high is not None and high < low:  # told anew, ere an event was numbered so
        high = None
    for gap in gaps:
        if high is not None and not gap.former:
            yield max(gap.low, low + 1), min(gap.high, high)
        elif gap.day == day:
            yield gap.low, gap.high
    if high is not None and last is not None:
        yield max(last, low) + 1, high
