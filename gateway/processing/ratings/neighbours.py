"""Hop 5 for flags that rest on other presses, and on the sessions of a window.

A press with a session number is judged among those of its session (`standings`): a
number is a customer. Presses without one are judged among those of their device, of
which the last ones are remembered, in the order in which they came.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from device_protocol.messages import Origin
from gateway.ledger.presses import Desk, Kept, PressBooks
from gateway.ledger.ratings import Stored
from gateway.ledger.sessions import Scope, SessionFact
from gateway.processing.ratings.bindings import TERMINAL
from gateway.processing.ratings.changing import Changing
from gateway.processing.ratings.evidence import evidence_of
from gateway.processing.ratings.reflagging import Reflagging
from gateway.processing.ratings.scopes import GATEWAY
from gateway.processing.ratings.settling import Moved
from gateway.processing.state import State
from gateway.ratings.flags import OUT_OF_SESSION, Flag, Pressed, after_departure
from gateway.ratings.neighbours import (
    BY_NEIGHBOURS,
    KNOWN_MS,
    NEAR_MS,
    Opened,
    cluster,
    in_order,
    is_met,
    unnumbered,
)

PRESSES_KEPT: Final = 32
"""Of each device: a press that comes later than so many others misses the oldest."""
DEVICES_KEPT_MAX: Final = 20_000
"""Devices whose presses are in memory; of others they are read when they press."""
DESKS_KEPT_MAX: Final = 100_000

TIME_UNCERTAIN: Final = "time_uncertain"
_DEPARTED: Final = frozenset({"after_departure"})


class Met(NamedTuple):
    """What a press calls for: its own flags, and the presses that it met."""

    flags: tuple[Flag, ...] = ()
    others: tuple[tuple[Stored, tuple[Flag, ...]], ...] = ()


class Neighbours:
    """Judges presses by others of their device, and by their window's sessions."""

    def __init__(self, state: State, changing: Changing) -> None:
        self._state = state
        self._changing = changing
        self._books = PressBooks(state.store)
        self._reflagging = Reflagging(state, changing)
        self._kept: dict[int, list[Kept]] = {}
        self._told: dict[Desk, bool] = {}
        self._any_told = self._books.is_any_told_of()
        self._added: list[tuple[int, int, int, int]] = []
        self._gone: list[tuple[int, int]] = []

    def meet(
        self,
        device_no: int,
        desk: Desk,
        pressed: Pressed,
        place: int,
        flush: Callable[[], None],
    ) -> Met:
        """Judge a press without a session number, and remember it.

        `flush` writes the rows of the presses before it.
        """
        kept = self._of(device_no)
        met = Met()
        others = ((one.occurred_ms, one.key) for one in kept)
        rules = self._state.rulings[desk.site].flags
        if is_met(pressed.occurred_ms, pressed.key, others, rules) or self.is_told_of(
            desk
        ):
            flush()
            met = self._judge(kept, desk, pressed)
        self._keep(device_no, kept, Kept(place, pressed.occurred_ms, pressed.key))
        return met

    def settle(self, met: Met) -> None:
        """Flag the presses that a press met, once its own row is written."""
        for stored, flags in met.others:
            self._reflagging.flag(stored, BY_NEIGHBOURS, flags)

    def _judge(self, kept: Sequence[Kept], desk: Desk, pressed: Pressed) -> Met:
        rows, presses = self._rows(_around(kept, pressed.occurred_ms))
        found = unnumbered(
            [*presses, pressed],
            self._sessions(desk, [*presses, pressed]),
            self._state.rulings[desk.site].flags,
        )
        torn = _torn(kept)
        others = tuple(
            (one, _judged(one, found[one.rating_id], torn=one.place in torn))
            for one in rows
        )
        return Met(found[pressed.rating_id], others)

    def _rows(self, kept: Sequence[Kept]) -> tuple[list[Stored], list[Pressed]]:
        keys = {one.place: one.key for one in kept}
        rows = self._state.ratings.at(sorted(keys))
        presses = [
            Pressed(
                one.occurred_ms,
                keys[one.place],
                one.rating_id,
                one.time_quality != GATEWAY,
            )
            for one in rows
        ]
        return rows, presses

    def _sessions(self, desk: Desk, presses: Sequence[Pressed]) -> list[Opened]:
        if not self.is_told_of(desk):
            return []
        times = [one.occurred_ms for one in presses]
        rows = self._books.opened(desk, min(times) - KNOWN_MS, max(times))
        return [Opened(*row) for row in rows]

    def is_told_of(self, desk: Desk) -> bool:
        """Whether somebody tells of the sessions there."""
        if not self._any_told:
            return False
        found = self._told.get(desk)
        if found is None:
            if len(self._told) >= DESKS_KEPT_MAX:
                self._told.clear()
            found = self._told[desk] = self._books.is_told_of(desk)
        return found

    def departure(self, scope: Scope, desk: Desk, pressed_ms: int) -> Flag | None:
        """Whether the customer of a press with a number had left by then."""
        if not self.is_told_of(desk):
            return None
        near = self._state.session_books.near(scope, pressed_ms)
        begun = [one for one in near if one.began_ms <= pressed_ms]
        if not begun or begun[-1].window != desk.window:
            return None
        return self._left(begun[-1], pressed_ms)

    def _left(self, fact: SessionFact, pressed_ms: int) -> Flag | None:
        if fact.opened_ms is None:
            return None
        at = Desk.of(fact.site, fact.window, fact.device_no)
        return after_departure(pressed_ms, self._books.next_opened(at, fact.opened_ms))

    def take_moved(self) -> None:
        """Judge again what sessions that opened or ended otherwise concern."""
        moved = self._changing.take_moved()
        for one in moved:
            self._told[one.desk] = self._any_told = True
        for number in sorted(set(self._concerned(moved))):
            fact = self._state.session_books.of_number(number)
            if fact is not None:
                self._depart(fact)
        for one in moved:
            for device_no in self._devices_at(one.desk):
                self._again(device_no, one)

    def _concerned(self, moved: Collection[Moved]) -> list[int]:
        """Those sessions, and the ones before them."""
        found = [one.number for one in moved]
        for one in moved:
            for at_ms in one.opened_ms:
                before = self._books.last_opened(one.desk, at_ms)
                found += [] if before is None else [before]
        return found

    def _depart(self, fact: SessionFact) -> None:
        """Which presses of a session came after its customer had left."""
        for stored in self._state.ratings.at(fact.ratings):
            binding = self._state.binding(stored.binding)
            here = binding.medium == TERMINAL and binding.window == fact.window
            if here and _may_depart(stored):
                flag = self._left(fact, stored.occurred_ms)
                found = () if flag is None else (flag,)
                self._reflagging.flag(stored, _DEPARTED, found)

    def _again(self, device_no: int, moved: Moved) -> None:
        """Judge a device's presses by the sessions that are known now."""
        kept = self._of(device_no)
        # What opens between two presses takes the earlier one from its group, too.
        since_ms, until_ms = min(moved.times) - NEAR_MS, max(moved.times) + KNOWN_MS
        if not any(since_ms <= one.occurred_ms <= until_ms for one in kept):
            return
        rows, presses = self._rows(kept)
        sessions = self._sessions(moved.desk, presses)
        found = unnumbered(
            presses, sessions, self._state.rulings[moved.desk.site].flags
        )
        torn = _torn(kept)
        for one in rows:
            if since_ms <= one.occurred_ms <= until_ms:
                flags = _judged(one, found[one.rating_id], torn=one.place in torn)
                self._reflagging.flag(one, BY_NEIGHBOURS, flags)

    def _devices_at(self, desk: Desk) -> list[int]:
        if desk.device_no is not None:
            return [desk.device_no]
        at_site = self._state.at_site(desk.site)
        return [one.no for one in at_site if one.window == desk.window]

    def _of(self, device_no: int) -> list[Kept]:
        found = self._kept.get(device_no)
        if found is None:
            if len(self._kept) >= DEVICES_KEPT_MAX:
                self.save()
                self._kept.clear()
            found = self._kept[device_no] = self._books.of_device(device_no)
        return found

    def _keep(self, device_no: int, kept: list[Kept], one: Kept) -> None:
        kept.append(one)
        kept.sort()
        self._added.append((device_no, *one))
        if len(kept) > PRESSES_KEPT:
            self._gone.append((device_no, kept.pop(0).place))

    def save(self) -> None:
        """Write what is remembered."""
        if self._added:
            self._books.add(self._added)
            self._books.forget(self._gone)
            self._added.clear()
            self._gone.clear()


def _may_depart(stored: Stored) -> bool:
    """Whether it is a customer's own press of a known moment, which amends none.

    As at its arrival: see `Suspecting.meet`.
    """
    customers = stored.origin == Origin.CUSTOMER and stored.amends is None
    return customers and TIME_UNCERTAIN not in stored.flags


def _around(kept: Sequence[Kept], at_ms: int) -> list[Kept]:
    """Those that reach a moment step by step."""
    presses = in_order(Pressed(one.occurred_ms, at, "") for at, one in enumerate(kept))
    return [kept[one.key] for one in cluster(presses, at_ms)]


def _torn(kept: Sequence[Kept]) -> frozenset[int]:
    """Places of presses whose neighbours may be among those forgotten."""
    if len(kept) < PRESSES_KEPT:
        return frozenset()
    oldest_ms = min(one.occurred_ms for one in kept)
    return frozenset(one.place for one in _around(kept, oldest_ms))


def _judged(stored: Stored, found: tuple[Flag, ...], *, torn: bool) -> tuple[Flag, ...]:
    """What was found; where presses may be missing, no flag is taken back for that."""
    if not torn:
        return found
    known, names = evidence_of(stored), {one.name for one in found}
    kept = (BY_NEIGHBOURS - names - {OUT_OF_SESSION}).intersection(stored.flags)
    return (*found, *(Flag(name, known.get(name, {})) for name in sorted(kept)))
