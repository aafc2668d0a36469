"""Hops 4 and 5: which elements are new, and what each rating becomes."""

import json
from collections.abc import Sequence
from typing import Final

from device_protocol.errors import ProtocolError, Reason
from device_protocol.messages import Rating
from device_protocol.timestamps import FUTURE_TOLERANCE_MS, local_ms, resolve
from fleet.sequence import Finding, observe
from gateway.ledger.devices import Device
from gateway.ledger.identities import Claim, Holder
from gateway.ledger.ratings import Session
from gateway.ports import Record, RecordFlag
from gateway.processing.admission import Element
from gateway.processing.alerts import announce, raise_alert
from gateway.processing.bindings import binding_of
from gateway.processing.personal import Personal
from gateway.processing.points import recorded
from gateway.processing.quarantine import Quarantine
from gateway.processing.sessions import Sessions
from gateway.processing.state import State

Timed = tuple[int, Device, Rating, Record, int, str]
"""Packed place, device, rating, record, occurred_ms, time_quality."""

BACKLOG: Final = int(RecordFlag.BACKLOG)  # an enum's & costs a microsecond
_RARE: Final = (
    "key",
    "reasons",
    "attributions",
    "prompt_delay_ms",
    "key_down_ms",
    "presses",
    "comment_for",
)


class Judging:
    """Judges the elements of a run, set-wise where the ledger is asked."""

    def __init__(self, state: State, quarantine: Quarantine) -> None:
        self._state = state
        self._quarantine = quarantine
        self._personal = Personal(state)
        self._sessions = Sessions(state)

    def judge(self, elements: Sequence[Element]) -> None:
        """Give each element its fate, its rows and its events."""
        timed, claims = self._time(elements)
        if not timed:
            return
        held = self._state.store.identities.claim(claims)
        if held:
            for index, holder in held.items():
                self._known(timed[index], holder)
            timed = [one for index, one in enumerate(timed) if index not in held]
        self._record(timed)

    def _time(self, elements: Sequence[Element]) -> tuple[list[Timed], list[Claim]]:
        horizon_ms = self._state.horizon_ms
        timed: list[Timed] = []
        claims: list[Claim] = []
        for place, device, rating, record in elements:
            received_ms = record.received_ms
            claim_ms = rating.claimed_ms
            if (
                claim_ms is not None
                and received_ms - horizon_ms
                <= claim_ms
                <= received_ms + FUTURE_TOLERANCE_MS
            ):
                occurred_ms, quality = claim_ms, "device"
            else:
                try:
                    occurred_ms, quality = self._resolve(rating, received_ms)
                except ProtocolError as error:
                    self._beyond(place, device, rating, record, error)
                    continue
            if rating.level is None and rating.comment_for is None:
                unmapped = ProtocolError(
                    Reason.UNKNOWN_LEVEL,
                    f"key {rating.key}: the device has no key map",
                    rating.event_id,
                )
                self._quarantine.refuse(record, place, device.device_id, unmapped)
                continue
            timed.append((place, device, rating, record, occurred_ms, quality))
            claims.append((rating.event_id, device.no, place, rating.content_hash))
        return timed, claims

    def _resolve(self, rating: Rating, received_ms: int) -> tuple[int, str]:
        claim_ms = rating.claimed_ms
        if rating.claimed_local is not None:
            claim_ms = local_ms(rating.claimed_local, self._state.zone)
        age_ms = None
        if rating.uptime_ms is not None and rating.sent_uptime_ms is not None:
            age_ms = rating.sent_uptime_ms - rating.uptime_ms
        try:
            occurred_ms, quality = resolve(
                claim_ms, received_ms, self._state.horizon_ms, 0, age_ms
            )
        except ProtocolError as error:
            raise ProtocolError(error.reason, error.detail, rating.event_id) from None
        return occurred_ms, quality.value

    def _beyond(
        self,
        place: int,
        device: Device,
        rating: Rating,
        record: Record,
        error: ProtocolError,
    ) -> None:
        """Too old to be counted blindly; but what is known is known."""
        identities = self._state.store.identities
        holder = identities.find(rating.event_id, device.no)
        if holder is None:
            self._quarantine.refuse(record, place, device.device_id, error)
        elif holder.place != place:
            self._known((place, device, rating, record, 0, ""), holder)

    def _known(self, timed: Timed, holder: Holder) -> None:
        """An identity seen before: a duplicate, or a conflict."""
        place, device, rating, record, _, _ = timed
        if holder.content_hash == rating.content_hash:
            self._state.fates["duplicate", ""] += 1
            if device.receipts:
                self._state.emission.keep(device.device_id, rating.event_id)
            return
        error = ProtocolError(
            Reason.ID_CONFLICT, "another content holds this event_id", rating.event_id
        )
        self._quarantine.refuse(record, place, device.device_id, error)
        # Its fate is its own: the first stays in force, an alert rises.
        self._state.fates["quarantined", Reason.ID_CONFLICT.value] -= 1
        self._state.fates["conflict", ""] += 1
        raise_alert(
            self._state,
            "id_conflict",
            device.device_id,
            "critical",
            f"{device.device_id} sent another content under event_id {rating.event_id}",
            device,
        )

    def _record(self, timed: Sequence[Timed]) -> None:
        """Rows, sessions and events of ratings never seen before."""
        state = self._state
        self._sessions.prepare([(one[1], one[2]) for one in timed])
        state.ratings.insert([self._row(*one) for one in timed])
        state.fates["accepted", ""] += len(timed)
        self._personal.save()
        self._sessions.save()

    def _row(
        self,
        place: int,
        device: Device,
        rating: Rating,
        record: Record,
        occurred_ms: int,
        quality: str,
    ) -> tuple[object, ...]:
        """The row of a new rating; its event, unless others of its session decide."""
        state = self._state
        state.ordinal += 1
        ordinal = state.ordinal
        flags = self._observe(device, rating, record, quality)
        binding = binding_of(state, device, record)
        session, alone = self._sessions.place(
            device, rating, binding, place, occurred_ms
        )
        effective = alone and rating.level is not None and rating.mode == "live"
        if effective:
            state.emission.events.append(
                recorded(
                    state,
                    device,
                    rating,
                    record,
                    occurred_ms,
                    quality,
                    flags,
                    binding,
                    session,
                )
            )
        if rating.comment is not None or rating.contact is not None:
            self._personal.keep(place, device, rating)
        if device.receipts:
            state.emission.keep(device.device_id, rating.event_id)
        raw = rating.level_raw
        return (
            place,
            ordinal,
            device.no,
            rating.event_id,
            None if session is None else session.no,
            binding.no,
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
            _details(rating, session),
            None,
        )

    def _observe(
        self, device: Device, rating: Rating, record: Record, quality: str
    ) -> tuple[str, ...]:
        """Sequence, activity, and the flags that need no other rating."""
        device.last_seen_ms = device.last_rating_ms = record.received_ms
        flags: tuple[str, ...] = ()
        seq, sequence = rating.seq, device.sequence
        if seq is not None:
            last = sequence.last
            if (
                last is not None
                and seq == last + 1
                and (rating.boot_id is None or rating.boot_id == sequence.boot_id)
            ):
                sequence.last = seq
            else:
                flags = self._unexpected(device, seq, rating.boot_id)
        if quality == "gateway" and record.flags & BACKLOG:
            flags = (*flags, "time_uncertain")
        return flags

    def _unexpected(
        self, device: Device, seq: int, boot_id: str | None
    ) -> tuple[str, ...]:
        finding = observe(device.sequence, seq, boot_id)
        if finding is Finding.REUSED:
            return (Finding.REUSED.value,)
        if finding is Finding.RESET:
            data = {"device_id": device.device_id, "seq": seq, "boot_id": boot_id}
            announce(self._state, "device.seq_reset", device.device_id, data)
        return ()


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
