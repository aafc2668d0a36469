"""Availability by day: each device's service and absence, summed up when a day is over.

What lasts is a row when it begins and when it ends, so keeping it costs by the change.
A site's day is summed up half an hour after it ended; what is learnt later about it (an
absence that was going on, a closure, an outage of the gateway) sums it up again.
"""

from collections.abc import Iterable, Sequence
from datetime import date, tzinfo
from itertools import groupby
from typing import Final

from fleet.availability import Cell, History, Key, Service, Tally, tallies
from fleet.health import health_of
from fleet.registry import ACCEPTING, Lifecycle, is_reserved
from fleet.spans import FOREVER, Span, Spans, intersection
from fleet.tables import Row, moment_ms
from fleet.watching import Presence
from gateway.ledger.availability import SUMS, Availability, Kind, Lasting, RolledDay
from gateway.ledger.devices import Device
from gateway.processing.memory.daybook import SETTLE_MS
from gateway.processing.state import DAY_MS, State
from gateway.ratings.workdays import Calendar

AVAILABILITY: Final = "availability"
"""The kind of timers; their subjects are a day's ordinal and a site ("": none)."""

CORRECTED_DAYS: Final = 62
"""What happened longer ago changes no sums any more."""

KEPT_DAYS: Final = 400
_GATEWAY: Final = 0
_CAUGHT_UP_DAYS: Final = 366
"""Of days without a block, so many are summed up afterwards."""

_KINDS: Final[tuple[Kind, ...]] = ("service", "absent", "failed", "maintenance")
_SILENT: Final = frozenset(
    {Presence.STALE.value, Presence.STANDBY.value, Presence.MAINTENANCE.value}
)


class Accounting:
    """Keeps spans as they begin and end, and sums of days."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._books = Availability(state.store)
        self._open = self._books.open_spans()
        self._next: dict[str, int] = {}  # by site: the day that is summed up next
        for subject in state.books.subjects(AVAILABILITY):
            day, _, site = subject.partition(":")
            self._next[site] = int(day)

    def follow(self, device: Device, at_ms: int) -> None:
        """Begin and end what its presence, health and lifecycle say of it."""
        if is_reserved(device.device_id):
            return
        lasting = {kind for kind in _KINDS if device.no in self._open[kind]}
        wanted = _wanted(device, was_absent="absent" in lasting)
        site = device.site or ""
        if wanted and site not in self._next:
            self._wait_for(site, self._calendar(site).local_day(self._state.now_ms))
        changed = [kind for kind in _KINDS if (kind in wanted) != (kind in lasting)]
        if changed:
            since_ms = min(self._turn(device.no, kind, at_ms) for kind in changed)
            self._device_again(device.no, site, since_ms)

    def attend(self, at_ms: int) -> None:
        """Whether the gateway sees anything may be otherwise since then."""
        state = self._state
        blind = bool(state.inattentive or state.suspect)
        if blind is not (_GATEWAY in self._open["unobserved"]):
            since_ms = self._turn(_GATEWAY, "unobserved", min(at_ms, state.now_ms))
            for site in sorted(self._next):
                self._site_again(site, since_ms, state.now_ms)

    def closed(self, rows: Iterable[Row]) -> None:
        """Sum up again the days in which sites were closed, or open, after all."""
        for row in rows:
            for site in sorted(self._next):
                if row.get("site") in self._state.openings.line(site or None):
                    span = _span(row, self._calendar(site).zone)
                    self._site_again(site, *span)

    def end(self, subject: str) -> None:
        """A site's day is over, and so are those after it that had no block."""
        text, _, site = subject.partition(":")
        day, calendar = int(text), self._calendar(site)
        del self._next[site]
        devices = self._at(site)
        if not devices:
            return
        last = calendar.local_day(self._state.now_ms - SETTLE_MS) - 1
        last = max(day, min(last, day + _CAUGHT_UP_DAYS))
        days = range(day, last + 1)
        self._sum(site, [_rolled(one, site, at) for one in devices for at in days])
        self._books.forget(
            (_GATEWAY, *(one.no for one in devices)),
            calendar.day_end(last - CORRECTED_DAYS - 1),
            last - KEPT_DAYS,
        )
        self._wait_for(site, last + 1)

    def _wait_for(self, site: str, day: int) -> None:
        self._next[site] = day
        due_ms = self._calendar(site).day_end(day) + SETTLE_MS
        self._state.set_timer(due_ms, AVAILABILITY, f"{day}:{site}")

    def _calendar(self, site: str) -> Calendar:
        return self._state.openings.days(site or None)

    def _at(self, site: str) -> Sequence[Device]:
        if site:
            return self._state.at_site(site)
        return [one for one in self._state.by_no.values() if not one.site]

    def _turn(self, number: int, kind: Kind, at_ms: int) -> int:
        """Begin or end a span; answers since when sums may be otherwise."""
        lasting = self._open[kind]
        since_ms = lasting.pop(number, None)
        if since_ms is None:
            lasting[number] = at_ms
            self._books.begin(number, kind, at_ms)
            return at_ms
        self._books.end(number, kind, since_ms, at_ms)
        # A repair counts where its failure last did harm; service ends where it ends.
        return min(at_ms, since_ms) if kind != "service" else at_ms

    def _days_again(self, site: str, since_ms: int, until_ms: int) -> tuple[int, int]:
        """Of a stretch of time, the days that were summed up and may be corrected."""
        calendar, end = self._calendar(site), self._next.get(site, 0)
        until_ms = min(until_ms, self._state.now_ms)
        if until_ms <= since_ms or calendar.day_end(end - 1) <= since_ms:
            return 1, 0
        today = calendar.local_day(self._state.now_ms)
        first_ms = max(since_ms, calendar.day_end(today - CORRECTED_DAYS - 1))
        return calendar.local_day(first_ms), min(calendar.local_day(until_ms), end - 1)

    def _device_again(self, number: int, site: str, since_ms: int) -> None:
        first, last = self._days_again(site, since_ms, FOREVER)
        if first <= last:
            rolled = self._books.of_device(number, first, last)
            for place in sorted({one.site for one in rolled}):
                self._sum(place, [one for one in rolled if one.site == place])

    def _site_again(self, site: str, since_ms: int, until_ms: int) -> None:
        first, last = self._days_again(site, since_ms, until_ms)
        if first <= last:
            self._sum(site, self._books.of_site(site, first, last))
        # Where a failure first did harm, and last, may be another day by now.
        for device in self._at(site):
            failed_ms = self._books.failing_since(device.no, since_ms, until_ms)
            if failed_ms is not None and failed_ms < since_ms:
                self._device_again(device.no, site, failed_ms)

    def _sum(self, site: str, rolled: Sequence[RolledDay]) -> None:
        """Sum up days of devices, which come in the order of devices and days."""
        adding = _Adding(self._state, site, self._books.spans(_GATEWAY))
        for number, own in groupby(rolled, key=_device_no):
            self._books.keep(adding.of(self._books.spans(number), list(own)))


class _Adding:
    """Sums up days of the devices of one site; those without a fault share theirs."""

    def __init__(self, state: State, site: str, gateway: Sequence[Lasting]) -> None:
        self._opening = state.openings.of(site or None)
        self._calendar = state.openings.days(site or None)
        self._now_ms = state.now_ms
        self._unobserved = _of(gateway, "unobserved")
        self._windows = _Windows(state, site)
        self._served: dict[Span, Spans] = {}
        self._found: dict[object, list[Tally]] = {}

    def of(
        self, spans: Sequence[Lasting], days: Sequence[RolledDay]
    ) -> list[tuple[RolledDay, tuple[int, ...]]]:
        """Days in which the device was in service, each with its sums."""
        ends = [
            (self._calendar.day_end(one.day - 1), self._calendar.day_end(one.day))
            for one in days
        ]
        service = [
            (since, FOREVER if until is None else until)
            for since, until in _of(spans, "service")
        ]
        inside = intersection(service, [(ends[0][0], ends[-1][1])])
        failures = _of(spans, "absent") + _of(spans, "failed")
        planned = _of(spans, "maintenance") + self._windows.of(days[0].device_no)
        history = History(failures, planned, self._unobserved)
        if failures:  # what they did before these days counts, too
            inside = service
        key = (tuple(ends), tuple(inside), tuple(failures), tuple(history.maintenance))
        found = self._found.get(key)
        if found is None:
            cells = [Cell(Key(), *bounds) for bounds in ends]
            found = tallies(history, self._within(inside), cells, self._now_ms)
            self._found[key] = found
        return [
            (day, _sums(tally))
            for day, bounds, tally in zip(days, ends, found, strict=True)
            if intersection(service, [bounds])
        ]

    def _within(self, inside: Spans) -> Service:
        def service(since_ms: int, until_ms: int) -> Spans:
            served = self._served.get((since_ms, until_ms))
            if served is None:
                served = self._opening.serving(since_ms, until_ms)
                self._served[since_ms, until_ms] = served
            return intersection(served, inside)

        return service


class _Windows:
    """Maintenance windows in which the devices of a site are not required."""

    def __init__(self, state: State, site: str) -> None:
        self._by_no = state.by_no
        self._of_site: list[tuple[int, int | None]] = []
        self._of_device: dict[str | None, list[tuple[int, int | None]]] = {}
        line = state.openings.line(site) if site else ()
        for one in state.alert_books.windows(state.now_ms - KEPT_DAYS * DAY_MS):
            if one.from_ms >= one.until_ms:
                continue  # ended before it began
            span = (one.from_ms, one.until_ms)
            if one.site is None:
                self._of_device.setdefault(one.device_id, []).append(span)
            elif one.site in line:
                self._of_site.append(span)

    def of(self, device_no: int) -> list[tuple[int, int | None]]:
        own = self._of_device.get(self._by_no[device_no].device_id, [])
        return [*self._of_site, *own]


def _wanted(device: Device, *, was_absent: bool) -> set[Kind]:
    """What lasts of a device by now; one that was never heard does not serve yet.

    One that went stays absent until it is heard: a night, or a repair, proves nothing.
    """
    presence = device.watch.state
    if device.lifecycle not in ACCEPTING or presence == Presence.UNSEEN:
        return set()
    wanted: set[Kind] = {"service"}
    if presence == Presence.OFFLINE or (was_absent and presence in _SILENT):
        wanted.add("absent")
    if device.findings is not None and health_of(device.findings) == "failed":
        wanted.add("failed")
    if device.lifecycle == Lifecycle.MAINTENANCE:
        wanted.add("maintenance")
    return wanted


def _rolled(device: Device, site: str, day: int) -> RolledDay:
    at = date.fromordinal(day)
    model, firmware = device.facts.model or device.known.model, device.known.firmware
    if device.vitals is not None:
        firmware = device.vitals.firmware or firmware
    month = at.year * 100 + at.month
    return RolledDay(day, device.no, month, site, model or "", firmware or "")


def _span(row: Row, zone: tzinfo) -> Span:
    """When a row of closures closes; one that nobody can read closes nothing."""
    try:
        since_ms = moment_ms(row.get("from") or "", zone)
        text = row.get("to")
        return since_ms, moment_ms(text, zone) if text else FOREVER
    except (ValueError, OverflowError):
        return 0, 0


def _of(spans: Iterable[Lasting], kind: Kind) -> list[tuple[int, int | None]]:
    return [(one.since_ms, one.until_ms) for one in spans if one.kind == kind]


def _sums(tally: Tally) -> tuple[int, ...]:
    return tuple(getattr(tally, name) for name in SUMS)


def _device_no(rolled: RolledDay) -> int:
    return rolled.device_no
