"""A site's day is over: what its terminals did is compared, recorded and told.

Work is for the devices of one site, by their own rows: never for all ratings.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec

from gateway.ledger.days import (
    DayRow,
    DeviceDays,
    KeptBack,
    Reconciliations,
    Recorded,
    SinkDays,
)
from gateway.ledger.devices import Device
from gateway.ledger.figures import HOURS, unpacked
from gateway.ledger.losses import Loss
from gateway.processing.alerting.alerts import alert_group, announce, resolve_alert
from gateway.processing.days.sink_days import SinkEnds
from gateway.processing.memory.daybook import RECORDS_KEPT_DAYS, SETTLE_MS, UNEQUAL
from gateway.processing.state import DAY_MS, State
from gateway.ratings.reconciliation import (
    DeviceDay,
    Gap,
    KeptNumbers,
    Numbers,
    Reconciliation,
    missing_of,
    reconcile,
    taken_of_span,
)

DAY_END: Final = "day_end"
CORRECTION: Final = "day_correction"
"""Kinds of timers; their subjects are a day's ordinal and a site."""

_NAMED_IN_TEXT: Final = 3
_NAMED_IN_EVENT: Final = 20


class _Known(NamedTuple):
    """What the ledger holds of the devices of a site for a day."""

    rows: dict[int, list[DayRow]]
    flagged: dict[int, int]
    kept_back: dict[str, KeptBack]
    losses: dict[int, list[Loss]]


class DayEnds:
    """Timers and records of sites' days."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._days = DeviceDays(state.store)
        self._records = Reconciliations(state.store)
        self._spans = self._records.spans()
        self._running = {_read(one)[1] for one in state.books.subjects(DAY_END)}
        self._correcting = set(state.books.subjects(CORRECTION))
        state.daybook.began = self.begin
        state.daybook.late = self.late
        state.daybook.again = self.again
        self.sinks = SinkEnds(state)
        self._sink_days = SinkDays(state.store)

    def begin(self, site: str) -> None:
        """A device of a site counts: from today on the site's days are recorded."""
        if site not in self._running:
            self._running.add(site)
            self.sinks.begin()
            today = self._state.openings.days(site).local_day(self._state.now_ms)
            self._wait_for(site, today)

    def _wait_for(self, site: str, day: int) -> None:
        due_ms = self._state.openings.days(site).day_end(day) + SETTLE_MS
        self._state.set_timer(due_ms, DAY_END, _subject(site, day))

    def late(self, site: str, day: int) -> None:
        """Something came for a day; if that was recorded, it will be corrected.

        Not when its counts have gone: what is left of it would pass for all.
        """
        span = self._spans.get(site)
        if span is None:
            return
        first, last = span
        if max(first, last - self._kept_days) <= day <= last:
            self._look_again(_subject(site, day), self._state.now_ms + SETTLE_MS)

    @property
    def _kept_days(self) -> int:
        """How far before the last recorded day events may still be of."""
        return self._state.horizon_ms // DAY_MS + 2

    def again(self, day: int) -> None:
        """Sinks were counted: days that wait for it are looked at once more."""
        for site, (first, last) in sorted(self._spans.items()):
            for each in (day, day + 1):  # where midnight comes earlier, or later
                if first <= each <= last:
                    record = self._records.of(site, each)
                    if record is not None and not record.equal:
                        self._look_again(_subject(site, each), self._state.now_ms)

    def _look_again(self, subject: str, due_ms: int) -> None:
        if subject not in self._correcting:
            self._correcting.add(subject)
            self._state.set_timer(due_ms, CORRECTION, subject)

    def end(self, subject: str) -> int:
        """A day is over and has settled; one before it is looked at once more."""
        day, site = _read(subject)
        devices = self._state.at_site(site)
        if not devices:
            self._running.discard(site)
            return 1
        before = self._records.of(site, day - 1)
        looked_at = 0
        if before is not None and not before.equal:
            looked_at += self._record(site, day - 1)
        looked_at += self._record(site, day)
        self._forget(devices, day)
        self._wait_for(site, day + 1)
        return looked_at

    def correct(self, subject: str) -> int:
        """Late presses of a recorded day came; the next day shares its counters."""
        self._correcting.discard(subject)
        day, site = _read(subject)
        recorded = [
            each for each in (day, day + 1) if self._records.of(site, each) is not None
        ]
        return 1 + sum(self._record(site, each) for each in recorded)

    def _forget(self, devices: Sequence[Device], day: int) -> None:
        """What is older than any event can be is not corrected any more."""
        self._days.forget((one.no for one in devices), day - self._kept_days)
        if self._records.forget(day - RECORDS_KEPT_DAYS):
            self._spans = self._records.spans()

    def _record(self, site: str, day: int) -> int:
        """Compare a site's day; answers how many devices it has."""
        devices = self._state.at_site(site)
        for device in devices:
            if device.day and device.day <= day:
                self._state.daybook.turn(device, day + 1)
                self._state.active_devices.add(device)
        self._state.daybook.save()
        noted = self._sink_days.newest(day)
        sinks = () if noted is None else self._sink_days.of(noted)
        found = reconcile(self._device_days(site, day, devices), sinks)
        data = msgspec.json.encode(found).decode()
        known = self._records.of(site, day)
        if known is not None and known.data == data:
            return len(devices)
        version = 1 if known is None else known.version + 1
        record = Recorded(version, found.equal, data)
        self._records.keep(site, day, record, self._state.now_ms)
        first, last = self._spans.get(site, (day, day))
        self._spans[site] = (min(first, day), max(last, day))
        self._tell(site, day, version, found)
        return len(devices)

    def _device_days(
        self, site: str, day: int, devices: Sequence[Device]
    ) -> Iterator[DeviceDay]:
        calendar = self._state.openings.days(site)
        bounds = calendar.day_end(day - 1), calendar.day_end(day)
        numbers = [device.no for device in devices]
        known = _Known(
            self._days.rows(numbers, day),
            self._days.flagged(numbers, *bounds),
            self._days.kept_back([device.device_id for device in devices], *bounds),
            self._days.losses(numbers),
        )
        taken: list[tuple[int, int, int]] = []
        for device in devices:
            yield self._device_day(device, day, known, taken)
        self._days.take(taken)

    def _device_day(
        self,
        device: Device,
        day: int,
        known: _Known,
        taken: list[tuple[int, int, int]],
    ) -> DeviceDay:
        rows = list(_with_current(device, day, known.rows.get(device.no, [])))
        row, earlier = rows[0], rows[1:]
        told_before = next((one for one in earlier if one.seq_to is not None), None)
        numbers = Numbers(told_before.seq_to if told_before else None, row.seq_to)
        gaps = [self._gap(loss) for loss in known.losses.get(device.no, ())]
        kept = known.kept_back.get(device.device_id, KeptBack())
        missing = missing_of(day, numbers, device.sequence.last, gaps)
        if missing:
            heard = (one for one in earlier if one.accepted or one.other)
            since = told_before or next(heard, row)
            kept_back = self._kept_numbers(device, since.day, day)
            missing = missing_of(day, numbers, device.sequence.last, gaps, kept_back)
        found = DeviceDay(
            device_id=device.device_id,
            exact=row.exact and not _may_rise(device, day),
            events=numbers.events,
            accepted=row.accepted,
            other=row.other,
            duplicate=row.duplicate,
            flagged=known.flagged.get(device.no, 0),
            quarantined=kept.waiting,
            purged=kept.purged,
            # Of what cannot be read the number is unknown: it may be one of these.
            missing=max(0, missing - kept.unnumbered),
        )
        if row.pressed is None:
            return found
        told = row.pressed + _carried(earlier)
        own = taken_of_span(told, found.explained, row.spanned)
        if own != row.taken:
            taken.append((own, device.no, day))
        return msgspec.structs.replace(found, presses=told + own)

    def _kept_numbers(self, device: Device, since: int, day: int) -> KeptNumbers:
        """Of what came since one day, up to the end of another, and is kept back."""
        calendar = self._state.openings.days(device.site)
        begun, began, over = (
            calendar.day_end(one) for one in (since - 1, day - 1, day)
        )
        of, name = self._days.kept_numbers, device.device_id
        return KeptNumbers(since, of(name, begun, began), of(name, began, over))

    def _gap(self, loss: Loss) -> Gap:
        hour, _, _ = unpacked(loss.key)
        return Gap(loss.low, loss.high, hour // HOURS, bool(loss.former))

    def _tell(self, site: str, day: int, version: int, found: Reconciliation) -> None:
        name = date.fromordinal(day).isoformat()
        sums = msgspec.to_builtins(found)
        del sums["named"]
        data = {
            "site": site,
            "day": name,
            "record_version": version,
            "equal": found.equal,
            **sums,
            "unequal_devices": [one.device_id for one in found.named[:_NAMED_IN_EVENT]],
        }
        announce(self._state, "reconciliation.daily", site, data)
        if day < self._spans[site][1]:
            return  # the alert is about the newest day
        if not found.unequal:
            resolve_alert(self._state, UNEQUAL, site, f"{name} agrees")
        else:
            ids = [one.device_id for one in found.named]
            text = f"{site} on {name}: {_words(found)}"
            alert_group(self._state, UNEQUAL, site, "warning", text, ids)


def _with_current(device: Device, day: int, rows: Sequence[DayRow]) -> Iterator[DayRow]:
    """The row of a day and those before it, with what is not written yet."""
    own = rows[0] if rows and rows[0].day == day else DayRow(device.no, day)
    told = device.pressing
    if told is not None and told.day == day:
        own = own._replace(pressed=told.pressed, exact=told.exact, seq_to=told.seq_to)
    yield own
    yield from (row for row in rows if row.day < day)


def _may_rise(device: Device, day: int) -> bool:
    """Whether no heartbeat of a later day told yet how far a day's counters rose."""
    return device.pressing is not None and device.pressing.day <= day


def _carried(earlier: Iterable[DayRow]) -> int:
    """Presses of the span before a day that none of the days before it took."""
    between = 0
    for row in earlier:
        if row.pressed is not None:
            return max(0, row.spanned - row.taken - between)
        between += row.accepted
    return 0


def _words(found: Reconciliation) -> str:
    """Who does not agree, and why, in one line."""
    some = [f"{one.device_id} ({_why(one)})" for one in found.named[:_NAMED_IN_TEXT]]
    if len(some) < found.unequal:
        some.append(f"{found.unequal - len(some)} more devices")
    return f"presses and ratings do not agree: {', '.join(some)}"


def _why(one: DeviceDay) -> str:
    counts = {
        "lost": one.missing,
        "in quarantine": one.quarantined,
        "presses unaccounted for": max(0, one.unexplained),
        "more than were pressed": max(0, -one.unexplained),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _subject(site: str, day: int) -> str:
    return f"{day}:{site}"


def _read(subject: str) -> tuple[int, str]:
    day, _, site = subject.partition(":")
    return int(day), site
