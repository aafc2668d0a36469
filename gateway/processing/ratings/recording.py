"""Hop 5: rows, sessions and events of ratings never seen before."""

import json
from collections.abc import Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from device_protocol.messages import Origin, Rating
from gateway.ledger.devices import Binding, Device
from gateway.ledger.figures import KEPT_OUT
from gateway.ledger.ratings import RATING_COLUMNS, Stored
from gateway.ledger.sessions import Scope
from gateway.ledger.statements import Restated
from gateway.ports import Record, RecordFlag, RecordKind
from gateway.processing.fleet.health import suspect_key
from gateway.processing.memory.attributing import seat
from gateway.processing.memory.daybook import OTHER
from gateway.processing.ratings.activity import follow
from gateway.processing.ratings.bindings import binding_of
from gateway.processing.ratings.contributions import count_alone
from gateway.processing.ratings.evidence import EVIDENCE
from gateway.processing.ratings.finding import amended_by
from gateway.processing.ratings.neighbours import TIME_UNCERTAIN, Met, Neighbours
from gateway.processing.ratings.personal import Personal
from gateway.processing.ratings.points import Timed, recorded
from gateway.processing.ratings.rows import NAMED
from gateway.processing.ratings.scopes import GATEWAY, REQUIRED
from gateway.processing.ratings.sessions import Sessions
from gateway.processing.ratings.suspecting import Suspecting, by_itself
from gateway.processing.state import State
from gateway.ratings.flags import (
    STUCK_KEY,
)

BACKLOG: Final = int(RecordFlag.BACKLOG)  # an enum's & costs a microsecond
MESSAGE: Final = int(RecordKind.MESSAGE)
TIMED_OUT: Final = Origin.DEVICE_TIMEOUT.value
_RARE: Final = (
    "key",
    "reasons",
    "attributions",
    "prompt_delay_ms",
    "key_down_ms",
    "presses",
    "comment_for",
)
_RECEIVED: Final = RATING_COLUMNS.split(", ").index("received_ms")
_PLAIN_RECEIVED: Final = 9  # as `Ratings.insert_plain` takes them

Row = tuple[object, ...]


class Recording:
    """Records the new ratings of a run."""

    def __init__(
        self, state: State, sessions: Sessions, neighbours: Neighbours
    ) -> None:
        self._state = state
        self._neighbours = neighbours
        self._suspecting = Suspecting(state, neighbours)
        self._personal = Personal(state)
        self._sessions = sessions
        self._plain: list[Row] = []
        self._others: list[Row] = []

    def record(self, timed: Sequence[Timed]) -> None:
        """Give each rating its row, its session and its events."""
        state = self._state
        self._sessions.prepare(timed)
        try:
            self._rows(timed)
            self._flush()
        finally:
            self._plain.clear()
            self._others.clear()
        state.fates["accepted", ""] += len(timed)
        self._personal.save()

    def _flush(self) -> None:
        """Write what was set aside: before a rating is looked at with others."""
        if self._plain:
            self._state.ratings.insert_plain(self._plain)
            self._note(self._plain, _PLAIN_RECEIVED)
        if self._others:
            self._insert(self._others)
        self._plain.clear()
        self._others.clear()
        self._sessions.save()

    def _insert(self, rows: Sequence[Row]) -> None:
        self._state.ratings.insert(rows)
        self._note(rows, _RECEIVED)

    def _note(self, rows: Sequence[Row], received: int) -> None:
        """By when they came they are found again; `received` is its column."""
        noted = list(map(itemgetter(0), rows)), list(map(itemgetter(received), rows))
        self._state.arrivals.note(*noted)

    def _rows(self, timed: Sequence[Timed]) -> None:
        """Rows of plain ratings in sessions of their own, which are quick; others."""
        state, begin = self._state, self._sessions.begin_plain
        count, rulings = state.counting.count_usual, state.rulings
        accept, bound = state.daybook.accept, state.attribution.bound
        emit, plain = state.emission.events.append, self._plain.append
        bad = rulings.default.session.followup_level_max
        tested, sealed_ms = state.press_tests.open, state.sealed.until_ms
        for one in timed:
            place, device, rating, record, occurred_ms, quality = one
            binding, seq = device.binding, rating.seq
            if (
                binding is None
                or quality != "device"
                or not (rating.usual or _is_usual(rating))
                or record.kind != MESSAGE
                or device.device_id in bound
                or (tested and device.no in tested)
                or not (begun := begin(binding, device, rating, place, occurred_ms))
            ):
                self._judge(one)
                continue
            number, key = begun
            state.ordinal += 1
            device.saw_rating(record.received_ms)
            device.ratings += rating.origin != TIMED_OUT
            if device.day_from_ms <= occurred_ms < device.day_to_ms:
                device.day_accepted += 1
            else:
                accept(device, occurred_ms)
            flags = () if seq is None else follow(state, device, seq, rating.boot_id)
            emit(recorded(state, one, flags, binding, key, rating.employee_id))
            if device.receipts:
                state.emission.keep(device.device_id, rating.event_id)
            raw, level = rating.level_raw, rating.level
            assert level is not None
            rated = (rating.employee_id, rating.origin, level, occurred_ms)
            count(rulings[binding.site].hours, binding.no, device.no, rated)
            if occurred_ms < sealed_ms:
                self._restate(binding, place, occurred_ms)
            if level <= bad:
                self._sessions.require_followup(device, rating, place, occurred_ms, key)
            plain(
                (
                    place,
                    state.ordinal,
                    device.no,
                    rating.event_id,
                    number,
                    binding.no,
                    level,
                    str(raw) if raw.__class__ is int else _text_of(raw),
                    occurred_ms,
                    record.received_ms,
                    rating.origin,
                    rating.employee_id,
                    seq,
                    json.dumps(flags) if flags else None,
                )
            )

    def _judge(self, one: Timed) -> None:
        """A rating with something rare about it, or with neighbours."""
        place, device, rating, record, occurred_ms, quality = one
        state = self._state
        state.ordinal += 1
        if rating.level is None or rating.origin == "device_timeout":
            state.daybook.count(device, OTHER, occurred_ms)  # nobody pressed it
        else:
            state.daybook.accept(device, occurred_ms)
        flags = self._observe(device, rating, record, quality)
        binding = binding_of(
            state, device, record, occurred_ms, self._amended_over_http(one)
        )
        served = seat(device.device_id, binding.window)
        credit = state.attribution.credit(
            served, occurred_ms, rating.employee_id, rating.attributions
        )
        flag_rules = state.rulings[binding.site].flags
        raised = by_itself(rating, flag_rules)
        test = state.press_tests.hear(device, rating, record, occurred_ms, quality)
        mode = state.session_mode(device, binding.site)
        # A press of a test is of no session: no duty and no default follow from it.
        scope = None
        met = Met()
        if test is not None:
            raised.append(test)
        else:
            scope = self._sessions.scope_of(device, rating, binding, mode)
            met = self._suspecting.meet(one, flags, binding, scope, self._flush)
            raised += met.flags
        if credit.flags:
            raised.append(self._suspecting.mismatch(one, served))
        flags = (*flags, *dict.fromkeys(flag.name for flag in raised))
        if device.receipts:
            state.emission.keep(device.device_id, rating.event_id)
        judged = _Judged(one, state.ordinal, binding.no, flags, credit.employee_id)
        is_bound = served in state.attribution.bound
        details = _details(rating, scope, mode, is_bound=is_bound)
        evidence = {
            flag.name: dict(flag.evidence) for flag in reversed(raised) if flag.evidence
        }
        if evidence:
            details[EVIDENCE] = evidence
        if state.exclusions.keep_out(flags, binding.site, state.ordinal):
            details[KEPT_OUT] = True
        quick = self._sessions.begin_quick(scope, binding, one, credit.employee_id)
        if scope is None or quick is not None:
            self._write_alone(judged, binding, details, quick)
        else:
            self._flush()
            self._insert([_row(judged, details, None, effective=False)])
            (stored,) = state.ratings.at([place])
            self._sessions.changing.take(stored, scope)
        self._settle(judged, met)
        if rating.comment is not None or rating.contact is not None:
            if rating.comment_for is not None:
                self._flush()  # what it speaks of may have come just before it
            self._personal.keep(one, quick[1] if quick else None)

    def _amended_over_http(self, one: Timed) -> Stored | None:
        """What a rating over HTTP amends, if that has come."""
        _, device, rating, record, _, _ = one
        if record.kind == MESSAGE or rating.amends is None:
            return None
        self._flush()  # what it amends may have come just before it
        return amended_by(self._state, device.device_id, rating.amends)

    def _settle(self, judged: "_Judged", met: Met) -> None:
        """Flag the presses that this one met; a key may be stuck."""
        place, _, rating, _, _, _ = judged.one
        stuck = STUCK_KEY in judged.flags and rating.mode == "live"
        if met.others or stuck:
            self._flush()
        if stuck:
            (stored,) = self._state.ratings.at([place])
            suspect_key(self._state, stored)
        if met.others:
            self._neighbours.settle(met)

    def _write_alone(
        self,
        judged: "_Judged",
        binding: Binding,
        details: dict[str, object],
        session: tuple[int, str] | None,
    ) -> None:
        """A rating that no other one has to be asked about."""
        place, device, rating, _, occurred_ms, _ = judged.one
        state = self._state
        number, key = session or (None, None)
        effective = rating.level is not None and rating.mode == "live"
        row = _row(judged, details, number, effective=effective)
        self._others.append(row)
        if not effective:
            return
        told = recorded(
            state, judged.one, judged.flags, binding, key, judged.employee_id
        )
        state.emission.events.append(told)
        rated = (judged.employee_id, rating.origin, rating.level or 0, occurred_ms)
        count_alone(state, (binding, device.no), rated, details)
        if occurred_ms < state.sealed.until_ms:
            self._restate(binding, place, occurred_ms)
        if number is not None and key is not None:
            self._sessions.require_if_bad(device, rating, place, occurred_ms, key)

    def _restate(self, binding: Binding, place: int, occurred_ms: int) -> None:
        """A rating by itself may have come after its month was sealed."""
        state = self._state
        month = state.sealed.month_of(state.rulings[binding.site].hours.of(occurred_ms))
        came = Restated("late", is_rating=True, subject=place)
        state.sealed.restate((binding.site or "", month), state.now_ms, [came])

    def _observe(
        self, device: Device, rating: Rating, record: Record, quality: str
    ) -> tuple[str, ...]:
        """Sequence, activity, and the flags that need no other rating."""
        device.saw_rating(record.received_ms)
        device.ratings += rating.level is not None and rating.origin != TIMED_OUT
        flags: tuple[str, ...] = ()
        if rating.seq is not None:
            flags = follow(self._state, device, rating.seq, rating.boot_id)
        if quality == GATEWAY and record.flags & BACKLOG:
            flags = (*flags, TIME_UNCERTAIN)
        if rating.derived_id:
            flags = (*flags, "derived_id")
        return flags


class _Judged(NamedTuple):
    """A rating with what the fold has found out about it."""

    one: Timed
    ordinal: int
    binding_no: int
    flags: tuple[str, ...]
    employee_id: str | None


def _row(
    judged: _Judged,
    details: dict[str, object],
    session_no: int | None,
    *,
    effective: bool,
) -> Row:
    """In the order of the ledger's columns."""
    place, device, rating, record, occurred_ms, quality = judged.one
    raw, flags = rating.level_raw, judged.flags
    return (
        place,
        judged.ordinal,
        device.no,
        rating.event_id,
        session_no,
        judged.binding_no,
        rating.level,
        str(raw) if raw.__class__ is int else _text_of(raw),
        occurred_ms,
        rating.claimed_ms,
        record.received_ms,
        quality,
        rating.origin,
        rating.mode,
        rating.round,
        judged.employee_id,
        rating.seq,
        1,
        int(effective),
        json.dumps(flags) if flags else None,
        rating.amends,
        json.dumps(details, ensure_ascii=False) if details else None,
        None,
    )


def _is_usual(rating: Rating) -> bool:
    """Whether it is no more than a live press with a session number."""
    return (
        rating.session_id is not None
        and rating.level is not None
        and rating.mode == "live"
        and rating.round == "initial"
        and rating.amends is None
        and rating.stage is None
        and rating.comment is None
        and rating.comment_for is None
        and rating.contact is None
        and rating.key is None
        and not rating.items
        and not rating.reasons
        and not rating.attributions
        and rating.prompt_delay_ms is None
        and rating.key_down_ms is None
        and rating.presses is None
        and not rating.derived_id
    )


def _text_of(raw: object) -> str | None:
    return None if raw is None else json.dumps(raw, ensure_ascii=False)


def _details(
    rating: Rating, scope: Scope | None, mode: str, *, is_bound: bool
) -> dict[str, object]:
    """What is rarely there."""
    details: dict[str, object] = {}
    if scope is not None and mode == "required":
        details[REQUIRED] = True
    told = scope is not None and scope[1] == rating.session_id
    if rating.session_id is not None and not told:
        details["session_id"] = rating.session_id
    if rating.stage is not None:
        details["stage"] = rating.stage
    if is_bound and rating.employee_id is not None:
        details[NAMED] = rating.employee_id
    if rating.items:
        details["items"] = [(item.code, item.level) for item in rating.items]
    for name in _RARE:
        value = getattr(rating, name)
        if value:
            details[name] = value
    return details
