"""Day's end: what terminals say they did, against what we keep and what sinks took.

Source: rating rules, "Figures", day's end. Counts are of one site and one local day.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec


class DeviceDay(msgspec.Struct, frozen=True, kw_only=True):
    """One terminal's day.

    `presses` is how far its key counters rose, None: it has none. `events` are the
    events that its `seq` accounts for, None: it sends none. `other` are accepted
    events that are no ratings, `duplicate` resends, `missing` known lost by `seq`;
    `flagged` are some of the accepted.
    """

    device_id: str
    presses: int | None = None
    events: int | None = None
    accepted: int = 0
    other: int = 0
    duplicate: int = 0
    flagged: int = 0
    quarantined: int = 0
    missing: int = 0

    @property
    def kept(self) -> int:
        """Ratings that can be pointed at: in the ledger, or visibly not."""
        return self.accepted + self.quarantined

    @property
    def unexplained_presses(self) -> int:
        """Presses that neither came nor are known to be lost; negative: too many."""
        if self.presses is None:
            return 0
        return self.presses - self.kept - self.missing

    @property
    def unexplained_events(self) -> int:
        """The same of numbered events."""
        if self.events is None:
            return 0
        return self.events - self.kept - self.other - self.missing

    @property
    def equal(self) -> bool:
        return not self.unexplained_presses and not self.unexplained_events


class SinkDay(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger addressed to a sink in a day, and what became of it."""

    name: str
    addressed: int
    delivered: int
    dead: int = 0
    owed: int = 0

    @property
    def equal(self) -> bool:
        """Whether nothing is unaccounted for; what is owed is accounted for."""
        return self.addressed == self.delivered + self.dead + self.owed


class Reconciliation(NamedTuple):
    """A site's day: every device and sink, and those that do not agree."""

    site: str
    day: str
    devices: Sequence[DeviceDay]
    sinks: Sequence[SinkDay]
    unequal: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not self.unequal

    def totals(self) -> dict[str, int]:
        """The site's sums, for the event and the record."""
        names = ("accepted", "duplicate", "flagged", "quarantined", "missing")
        sums = {name: sum(getattr(one, name) for one in self.devices) for name in names}
        presses = [one.presses for one in self.devices if one.presses is not None]
        return {"presses": sum(presses), **sums}


def reconcile(
    site: str, day: str, devices: Iterable[DeviceDay], sinks: Iterable[SinkDay]
) -> Reconciliation:
    """Compare a site's day; sorted by name, so that its record is reproducible."""
    by_device = sorted(devices, key=lambda one: one.device_id)
    by_sink = sorted(sinks, key=lambda one: one.name)
    unequal = [f"device {one.device_id}" for one in by_device if not one.equal]
    unequal += [f"sink {one.name}" for one in by_sink if not one.equal]
    return Reconciliation(site, day, by_device, by_sink, tuple(unequal))


_UINT32 = 1 << 32


def presses_between(before: Sequence[int], after: Sequence[int]) -> int:
    """How far cumulative counters of 32 bits rose; one that fell has begun anew.

    A counter near its end that is small again has run over; any other that fell was
    reset, and what it shows has been counted since.
    """
    total = 0
    for index, now in enumerate(after):
        was = before[index] if index < len(before) else 0
        if now >= was:
            total += now - was
        elif was - now > _UINT32 // 2:
            total += now + _UINT32 - was
        else:
            total += now
    return total
