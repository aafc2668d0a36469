"""Which session a rating or an event belongs to, and what its arrival changes there."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final

from device_protocol.identity import rating_id as identity
from device_protocol.messages import Rating
from gateway.ledger.books import Timer
from gateway.ledger.devices import Binding, Device
from gateway.ledger.ratings import IMPLIED
from gateway.ledger.sessions import Scope
from gateway.ports import RecordKind
from gateway.processing.memory.rulings import NO_DAY, PressDay, Ruling
from gateway.processing.ratings.bindings import site_of
from gateway.processing.ratings.changing import Changing
from gateway.processing.ratings.points import Timed
from gateway.processing.ratings.settling import SESSION_TIMER
from gateway.processing.ratings.telling import first_followup
from gateway.processing.state import State
from gateway.ratings.workdays import QUARTER_MS

MESSAGE: Final = int(RecordKind.MESSAGE)


class Sessions:
    """The sessions that one run touches."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: set[Scope] = set()
        self.changing = Changing(state, self._known)
        self._awaited = self.changing.awaited
        self._rows: list[tuple[object, ...]] = []
        self._duties: list[tuple[object, ...]] = []
        self._timers: list[Timer] = []
        self._day = NO_DAY  # of the session begun last

    def prepare(self, arriving: Sequence[Timed]) -> None:
        """Read which numbers of these ratings are known, all at once."""
        state = self._state
        self._known.clear()
        numbers: defaultdict[str, set[str]] = defaultdict(set)
        for _, device, rating, record, _, _ in arriving:
            if rating.session_id is not None:
                site = device.site if record.kind == MESSAGE else site_of(state, record)
                numbers[site or ""].add(rating.session_id)
        for site, ids in numbers.items():
            for session_id, stage in state.ratings.scopes(site, ids):
                self._known.add((site, session_id, stage))

    def begin_plain(
        self,
        binding: Binding,
        device: Device,
        rating: Rating,
        place: int,
        occurred_ms: int,
    ) -> tuple[int, str] | None:
        """Number and key of a new session whose only rating this is so far.

        None when there is one already, or when all that is known has to be asked.
        """
        state = self._state
        scope = (binding.site or "", rating.session_id or "", rating.stage or 0)
        if (
            scope in self._known
            or rating.origin == "device_timeout"
            or (state.moded and state.session_mode(device, binding.site) != "implicit")
            or (
                self._awaited
                and identity(device.device_id, rating.event_id) in self._awaited
            )
            or not (
                device.open_since_ms <= occurred_ms < device.open_until_ms
                or state.openings.serves(device, occurred_ms)
            )
        ):
            return None
        ruling, level = state.rulings[binding.site], rating.level
        day = ruling.day
        if not 0 <= occurred_ms - day.since_ms < QUARTER_MS:
            day = _turn(ruling, occurred_ms)
        self._day = day
        assert level is not None
        contact_ms = rectify_ms = None
        if level <= ruling.session.followup_level_max:
            if day.contact_due_ms <= state.now_ms:
                return None
            contact_ms, rectify_ms = day.contact_due_ms, day.rectify_due_ms
        self._known.add(scope)
        state.last_session = number = state.last_session + 1
        self._rows.append(
            (
                number,
                scope[1],
                scope[0],
                occurred_ms,
                day.date,
                device.no,
                binding.department,
                binding.window,
                rating.employee_id,
                place,
                scope[2],
                day.amend_until_ms,
                contact_ms,
                rectify_ms,
            )
        )
        return number, f"{scope[0]}:{scope[1]}:{scope[2]}:1"

    @property
    def _followed_up_max(self) -> int:
        return self._state.rulings.default.session.followup_level_max

    def scope_of(
        self, device: Device, rating: Rating, binding: Binding, mode: str
    ) -> Scope | None:
        """Where a rating looks for its session; None: it needs none.

        In mode `none` its number says nothing.
        """
        if rating.mode != "live" or rating.level is None:
            return None
        site = binding.site or ""
        number = None if mode == "none" else rating.session_id
        if number is not None:
            return site, number, rating.stage or 0
        rating_id = identity(device.device_id, rating.event_id)
        assert rating.level is not None
        alone = (
            mode != "required"
            and rating.level > self._followed_up_max
            and rating.round == "initial"
            and rating.amends is None
            and rating_id not in self._awaited
        )
        return None if alone else (site, f"{IMPLIED}{rating_id}", 0)

    def begin_quick(
        self,
        scope: Scope | None,
        binding: Binding,
        one: Timed,
        employee_id: str | None,
    ) -> tuple[int, str] | None:
        """As `begin_plain`, of a rating that has something rare about it."""
        place, device, rating, _, occurred_ms, _ = one
        if (
            scope is None
            or scope[1].startswith(IMPLIED)
            or rating.round != "initial"
            or rating.amends is not None
        ):
            return None
        begun = self.begin_plain(binding, device, rating, place, occurred_ms)
        if begun is not None and employee_id != rating.employee_id:
            row = self._rows[-1]
            self._rows[-1] = (*row[:8], employee_id, *row[9:])
        return begun

    def require_if_bad(
        self, device: Device, rating: Rating, place: int, occurred_ms: int, key: str
    ) -> None:
        """As `require_followup`, of a rating at any level."""
        if (rating.level or 0) <= self._followed_up_max:
            self.require_followup(device, rating, place, occurred_ms, key)

    def require_followup(
        self, device: Device, rating: Rating, place: int, occurred_ms: int, key: str
    ) -> None:
        """A plain rating at level 1 or 2 starts its clocks."""
        day, state = self._day, self._state
        rating_id = identity(device.device_id, rating.event_id)
        due_ms = day.contact_due_ms
        due = (due_ms, day.rectify_due_ms)
        self._duties.append(
            (place, rating_id, "followup", occurred_ms, *due, None, None, None, False)
        )
        self._timers.append(Timer(due_ms, SESSION_TIMER, str(state.last_session)))
        session = (key, rating.session_id, device.site)
        state.emission.events.append(first_followup(state, rating_id, session, due_ms))

    def save(self) -> None:
        """Write the plain sessions begun so far."""
        if self._rows:
            self._state.ratings.insert_plain_sessions(self._rows)
            self._rows.clear()
        if self._duties:
            self._state.session_books.save_duties(self._duties)
            self._state.set_timers(self._timers)
            self._duties.clear()
            self._timers.clear()


def _turn(ruling: Ruling, at_ms: int) -> PressDay:
    """What holds for a quarter of an hour: deadlines are the ends of days."""
    rules = ruling.session
    ends = [
        ruling.deadline(at_ms, days).at_ms
        for days in (rules.amend_window_days, rules.followup_days, rules.rectify_days)
    ]
    local = date.fromordinal(ruling.calendar.local_day(at_ms))
    ruling.day = PressDay(at_ms - at_ms % QUARTER_MS, local.isoformat(), *ends)
    return ruling.day
