"""Which session a rating belongs to, and what its arrival changes there."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from device_protocol.messages import Rating
from gateway.ledger.devices import Binding, Device
from gateway.ledger.ratings import Session
from gateway.ports import RecordKind
from gateway.processing.bindings import site_of
from gateway.processing.points import Timed
from gateway.processing.settling import find_rating, meant_by, record_repeat, resettle
from gateway.processing.state import State

Scope = tuple[str, str, int]
"""site, session number, stage (0: none)."""

IMPLIED: Final = "@"  # heads the number of a session that an amendment implies
MESSAGE: Final = int(RecordKind.MESSAGE)
RATINGS_MAX: Final = 16
"""Ratings beside its amendments that a session's choice is made of at most.

A terminal that sends one number for ever would make each of its ratings dearer than
the last.
"""

QUARTER_MS: Final = 15 * 60_000  # every zone's midnight falls on a quarter of an hour


class Sessions:
    """The sessions that one run touches."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[Scope, list[Session]] = {}
        self._plain_begun: dict[Scope, tuple[int, int, int]] = {}  # no, place, began
        self._plain_rows: list[tuple[object, ...]] = []
        self._new_rows: list[tuple[object, ...]] = []
        self._joined: dict[int, tuple[Session, list[int]]] = {}
        self._crowd: list[tuple[Session, int]] = []
        self._adopted: dict[int, int] = {}  # what amends, and what it brings along
        self._amends = False
        self._asks = False  # whether no rating of the run is plain
        self._recent: dict[str, tuple[int, Session | None]] = {}
        self._days: tuple[int, int, str] = (0, 0, "")
        self._zone = state.zone

    def prepare(self, arriving: Sequence[Timed]) -> None:
        """Read the sessions that these ratings may belong to, all at once."""
        self._known.clear()
        self._plain_begun.clear()
        self._recent.clear()
        self._asks = self._state.rules.session_mode == "none"
        if self._zone is not self._state.zone:
            self._zone, self._days = self._state.zone, (0, 0, "")
        if self._asks:
            return
        numbers: defaultdict[str, set[str]] = defaultdict(set)
        for _, device, rating, record, _, _ in arriving:
            site = (
                device.site if record.kind == MESSAGE else site_of(self._state, record)
            )
            number = rating.session_id
            numbers[site or ""].add(
                number or f"{IMPLIED}{device.device_id}:{rating.event_id}"
            )
            if rating.amends is not None and number is None:
                target = meant_by(self._state, device.device_id, rating.amends)
                numbers[site or ""].add(f"{IMPLIED}{target}")
        for site, ids in numbers.items():
            for session in self._state.ratings.sessions(site, ids):
                scope = (site, session.session_id, session.stage)
                self._known.setdefault(scope, []).append(session)
        self._amends = any(one[2].amends is not None for one in arriving)
        self._asks = self._amends

    def begin_plain(
        self,
        binding: Binding,
        device: Device,
        rating: Rating,
        place: int,
        occurred_ms: int,
    ) -> tuple[int, str] | None:
        """Number and key of a new session whose only rating this is so far.

        None when there is one already, or when others of the run have to be asked.
        """
        site, session_id = binding.site or "", rating.session_id
        assert session_id is not None
        scope = (site, session_id, 0)
        if self._asks or scope in self._known or scope in self._plain_begun:
            return None
        state = self._state
        state.last_session = number = state.last_session + 1
        self._plain_begun[scope] = (number, place, occurred_ms)
        self._plain_rows.append(
            (
                number,
                session_id,
                site,
                occurred_ms,
                self._business_date(occurred_ms),
                device.no,
                binding.department,
                binding.window,
                rating.employee_id,
                place,
            )
        )
        return number, f"{site}:{session_id}:0:1"

    def _known_in(self, scope: Scope) -> list[Session]:
        """The sessions of a scope, those included that this run began."""
        begun = self._plain_begun.pop(scope, None)
        if begun is not None:
            number, place, began_ms = begun
            self._known[scope] = [
                Session(
                    number,
                    scope[1],
                    scope[0],
                    scope[2],
                    1,
                    began_ms,
                    own=False,
                    state="rated",
                    effective=place,
                    ratings=[place],
                )
            ]
        return self._known.get(scope, [])

    def place(
        self,
        device: Device,
        rating: Rating,
        binding: Binding,
        place: int,
        occurred_ms: int,
    ) -> tuple[Session | None, bool]:
        """The session of a new rating, and whether nothing else there needs a look."""
        if (
            rating.mode != "live"
            or rating.level is None
            or self._state.rules.session_mode == "none"
        ):
            return None, True
        if rating.amends is not None:
            session = self._amending(device, rating, binding, place, occurred_ms)
            found: tuple[Session | None, bool] = session, False
        else:
            found = self._plain(device, rating, binding, place, occurred_ms)
        if self._amends:
            self._recent[f"{device.device_id}:{rating.event_id}"] = (place, found[0])
        return found

    def _plain(
        self,
        device: Device,
        rating: Rating,
        binding: Binding,
        place: int,
        occurred_ms: int,
    ) -> tuple[Session | None, bool]:
        initial = rating.round == "initial"
        site, session_id = binding.site or "", rating.session_id
        if session_id is None:
            implied = f"{IMPLIED}{device.device_id}:{rating.event_id}"
            known = self._known.get((site, implied, 0))
            if known is None:
                return None, initial
            self._join(known[0], place, occurred_ms)
            return known[0], False
        scope = (site, session_id, rating.stage or 0)
        session = self._belongs(self._known_in(scope), occurred_ms)
        if session is None:
            session = self._begin(scope, device, rating, binding, place, occurred_ms)
            if not initial:
                self._joined[session.no] = (session, [place])
            return session, initial
        self._join(session, place, occurred_ms)
        return session, False

    def _belongs(self, known: Sequence[Session], occurred_ms: int) -> Session | None:
        """The newest that began by then; else one implied near enough in time."""
        begun = [s for s in known if s.own and s.began_ms <= occurred_ms]
        if begun:
            return max(begun, key=lambda session: (session.began_ms, session.n))
        span_ms = self._state.session_span_ms
        near = [s for s in known if abs(occurred_ms - s.began_ms) <= span_ms]
        return near[-1] if near else None

    def _begin(
        self,
        scope: Scope,
        device: Device,
        rating: Rating,
        binding: Binding,
        place: int,
        occurred_ms: int,
    ) -> Session:
        site, session_id, stage = scope
        known = self._known.setdefault(scope, [])
        n = len(known) + 1
        number = self._add(scope, n, binding, device, rating, place, occurred_ms)
        session = Session(
            number,
            session_id,
            site,
            stage,
            n,
            occurred_ms,
            own=False,
            state="rated",
            effective=place,
            ratings=[place],
        )
        known.append(session)
        return session

    def _add(
        self,
        scope: Scope,
        n: int,
        binding: Binding,
        device: Device,
        rating: Rating,
        place: int,
        occurred_ms: int,
    ) -> int:
        """A new session's row; answers its number."""
        state = self._state
        state.last_session = number = state.last_session + 1
        site, session_id, stage = scope
        self._new_rows.append(
            (
                number,
                session_id,
                site,
                stage,
                n,
                occurred_ms,
                self._business_date(occurred_ms),
                "rated",
                device.no,
                binding.department,
                binding.window,
                rating.employee_id,
                place,
                f"[{place}]",
            )
        )
        return number

    def _business_date(self, moment_ms: int) -> str:
        """The local date; worked out once a quarter of an hour."""
        since, until, date = self._days
        if not since <= moment_ms < until:
            local = datetime.fromtimestamp(moment_ms / 1000, self._state.zone)
            date = local.date().isoformat()
            quarter_ms = moment_ms - moment_ms % QUARTER_MS
            self._days = (quarter_ms, quarter_ms + QUARTER_MS, date)
        return date

    def _join(self, session: Session, place: int, occurred_ms: int) -> None:
        arrived = self._joined.setdefault(session.no, (session, []))[1]
        bound = RATINGS_MAX + self._state.policy.amendments_max
        if len(session.ratings) + len(arrived) >= bound:
            self._crowd.append((session, place))
            return
        if not session.own:
            session.began_ms = min(session.began_ms, occurred_ms)
        arrived.append(place)

    def _amending(
        self,
        device: Device,
        rating: Rating,
        binding: Binding,
        place: int,
        occurred_ms: int,
    ) -> Session:
        """The session of what it amends; one is implied until that arrives."""
        target_id = meant_by(self._state, device.device_id, rating.amends or "")
        target, session = self._target(target_id)
        alone = target is not None and session is None
        scope = (binding.site or "", f"{IMPLIED}{target_id}", 0)
        if rating.session_id is not None:
            scope = (binding.site or "", rating.session_id, rating.stage or 0)
        if session is None:
            session = self._belongs(self._known_in(scope), occurred_ms)
        if session is not None:
            self._join(session, place, occurred_ms)
        else:
            session = self._begin(scope, device, rating, binding, place, occurred_ms)
            self._joined[session.no] = (session, [place])
        if target is not None and alone:
            self._adopted[place] = target
            self._recent[target_id] = (target, session)
        return session

    def _target(self, rating_id: str) -> tuple[int | None, Session | None]:
        """The place of a rating, and its session, if it has come and has one."""
        if rating_id in self._recent:
            return self._recent[rating_id]
        stored = find_rating(self._state, rating_id)
        if stored is None or stored.level is None or stored.mode != "live":
            return None, None
        if stored.session_no is None:
            return stored.place, None
        return stored.place, self._session(stored.session_no)

    def _session(self, number: int) -> Session | None:
        for sessions in self._known.values():
            for session in sessions:
                if session.no == number:
                    return session
        session_read = self._state.ratings.session_of(number)
        if session_read is not None:
            scope = (session_read.site, session_read.session_id, session_read.stage)
            self._known.setdefault(scope, []).append(session_read)
        return session_read

    def save(self) -> None:
        """Write new sessions, then settle those that ratings joined."""
        self._state.ratings.insert_plain_sessions(self._plain_rows)
        self._state.ratings.insert_sessions(self._new_rows)
        self._plain_rows.clear()
        self._new_rows.clear()
        for session, arrived in self._joined.values():
            for place in arrived:  # one by one, as if each had come in its own block
                self._adopt(session, self._adopted.get(place))
                if place not in session.ratings:
                    session.ratings.append(place)
                resettle(self._state, session, {place})
        self._joined.clear()
        self._adopted.clear()
        for session, place in self._crowd:
            record_repeat(self._state, session, place)
        self._crowd.clear()

    def _adopt(self, session: Session, place: int | None) -> None:
        """Take in a rating that had no session, with the first that amends it."""
        if place is not None:
            self._state.ratings.assign(place, session.no)
            session.ratings.insert(0, place)
