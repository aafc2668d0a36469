"""Hop 5: rows, sessions and events of ratings never seen before."""

import json
from collections.abc import Sequence
from typing import Final

from device_protocol.messages import Rating
from gateway.ledger.devices import Device
from gateway.ledger.ratings import Session
from gateway.ports import Record, RecordFlag, RecordKind
from gateway.processing.activity import follow
from gateway.processing.bindings import binding_of
from gateway.processing.personal import Personal
from gateway.processing.points import Timed, recorded
from gateway.processing.sessions import Sessions
from gateway.processing.state import State

BACKLOG: Final = int(RecordFlag.BACKLOG)  # an enum's & costs a microsecond
MESSAGE: Final = int(RecordKind.MESSAGE)
_RARE: Final = (
    "key",
    "reasons",
    "attributions",
    "prompt_delay_ms",
    "key_down_ms",
    "presses",
    "comment_for",
)


Row = tuple[object, ...]


class Recording:
    """Records the new ratings of a run."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._personal = Personal(state)
        self._sessions = Sessions(state)

    def record(self, timed: Sequence[Timed]) -> None:
        """Give each rating its row, its session and its events."""
        state = self._state
        self._sessions.prepare(timed)
        plain, others = self._rows(timed)
        state.ratings.insert_plain(plain)
        state.ratings.insert(others)
        state.fates["accepted", ""] += len(timed)
        self._personal.save()
        self._sessions.save()

    def _rows(self, timed: Sequence[Timed]) -> tuple[list[Row], list[Row]]:
        """Rows of plain ratings in sessions of their own, which are quick; others."""
        state, begin = self._state, self._sessions.begin_plain
        emit = state.emission.events.append
        plain: list[Row] = []
        others: list[Row] = []
        for one in timed:
            place, device, rating, record, occurred_ms, quality = one
            binding, seq = device.binding, rating.seq
            if (
                binding is None
                or quality != "device"
                or not (rating.usual or _is_usual(rating))
                or record.kind != MESSAGE
                or not (begun := begin(binding, device, rating, place, occurred_ms))
            ):
                others.append(self._judge(one))
                continue
            number, key = begun
            state.ordinal += 1
            device.saw_rating(record.received_ms)
            flags = () if seq is None else follow(state, device, seq, rating.boot_id)
            emit(recorded(state, one, flags, binding, key))
            if device.receipts:
                state.emission.keep(device.device_id, rating.event_id)
            raw = rating.level_raw
            plain.append(
                (
                    place,
                    state.ordinal,
                    device.no,
                    rating.event_id,
                    number,
                    binding.no,
                    rating.level,
                    str(raw) if raw.__class__ is int else _text_of(raw),
                    occurred_ms,
                    record.received_ms,
                    rating.origin,
                    rating.employee_id,
                    seq,
                    json.dumps(flags) if flags else None,
                )
            )
        return plain, others

    def _judge(self, one: Timed) -> Row:
        """The row of a rating; its event, unless others of its session decide."""
        place, device, rating, record, occurred_ms, quality = one
        state = self._state
        state.ordinal += 1
        flags = self._observe(device, rating, record, quality)
        binding = binding_of(state, device, record)
        session, alone = self._sessions.place(
            device, rating, binding, place, occurred_ms
        )
        effective = alone and rating.level is not None and rating.mode == "live"
        if effective:
            key = session.key if session else None
            state.emission.events.append(recorded(state, one, flags, binding, key))
        if rating.comment is not None or rating.contact is not None:
            self._personal.keep(place, device, rating)
        if device.receipts:
            state.emission.keep(device.device_id, rating.event_id)
        number = session.no if session else None
        details = _details(rating, session)
        return _row(
            one, state.ordinal, number, binding.no, flags, details, int(effective)
        )

    def _observe(
        self, device: Device, rating: Rating, record: Record, quality: str
    ) -> tuple[str, ...]:
        """Sequence, activity, and the flags that need no other rating."""
        device.saw_rating(record.received_ms)
        flags: tuple[str, ...] = ()
        if rating.seq is not None:
            flags = follow(self._state, device, rating.seq, rating.boot_id)
        if quality == "gateway" and record.flags & BACKLOG:
            flags = (*flags, "time_uncertain")
        if rating.derived_id:
            flags = (*flags, "derived_id")
        return flags


def _row(
    one: Timed,
    ordinal: int,
    session_no: int | None,
    binding_no: int,
    flags: tuple[str, ...],
    details: str | None,
    effective: int,
) -> Row:
    """In the order of the ledger's columns."""
    place, device, rating, record, occurred_ms, quality = one
    raw = rating.level_raw
    return (
        place,
        ordinal,
        device.no,
        rating.event_id,
        session_no,
        binding_no,
        rating.level,
        str(raw) if raw.__class__ is int else _text_of(raw),
        occurred_ms,
        rating.claimed_ms,
        record.received_ms,
        quality,
        rating.origin,
        rating.mode,
        rating.round,
        rating.employee_id,
        rating.seq,
        1,
        effective,
        json.dumps(flags) if flags else None,
        rating.amends,
        details,
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


def _details(rating: Rating, session: Session | None) -> str | None:
    """What is rarely there, as JSON; None when nothing of it is."""
    details: dict[str, object] = {}
    if session is None and rating.session_id is not None:
        details["session_id"] = rating.session_id
    if rating.stage is not None:
        details["stage"] = rating.stage
    if rating.items:
        details["items"] = [(item.code, item.level) for item in rating.items]
    for name in _RARE:
        value = getattr(rating, name)
        if value:
            details[name] = value
    return json.dumps(details, ensure_ascii=False) if details else None
