"""Comments and contacts leave the message at the fold, sealed."""

import msgspec

from device_protocol.identity import rating_id
from device_protocol.messages import Complaint, Rating
from gateway.ledger.ratings import PersonalRow
from gateway.places import ELEMENTS_MAX
from gateway.ports import Record, RecordFlag
from gateway.processing.alerting.alerts import announce
from gateway.processing.ratings.finding import find_rating, meant_by
from gateway.processing.ratings.points import Timed
from gateway.processing.state import State
from gateway.redaction import Redacted


def seal(
    state: State, place: int, record: Record, own: str, message: Rating | Complaint
) -> PersonalRow:
    """The row that keeps what an element with the id `own` says about a person."""
    state.retention.begin()
    about = (own, state.now_ms)
    element = 0 if record.flags & RecordFlag.ELEMENT else place % ELEMENTS_MAX
    mark = record.mark_of(element) if isinstance(record, Redacted) else None
    if mark is not None:
        return PersonalRow(place, own, mark.key_id, None, mark.digest, *about)
    fields: dict[str, object] = {}
    if message.comment is not None:
        fields["comment"] = message.comment
    if message.contact is not None:
        fields["contact"] = message.contact
    ring = state.keyring
    plain = msgspec.json.encode(fields)
    sealed = ring.seal(plain, own.encode())
    digest = ring.digest(ring.key_id, plain)
    return PersonalRow(place, own, ring.key_id, sealed, digest, *about)


class Personal:
    """Collects a run's personal fields and writes them at its end."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rows: list[PersonalRow] = []

    def keep(self, one: Timed, session_key: str | None) -> None:
        """Seal what a rating, or a comment alone, says about a person.

        `session_key` is that of its session, where it is known; the rows before it
        are written, unless it is.
        """
        place, device, rating, record, occurred_ms, _ = one
        own = rating_id(device.device_id, rating.event_id)
        subject = own
        if rating.comment_for is not None:
            subject = meant_by(self._state, device.device_id, rating.comment_for)
        row = seal(self._state, place, record, own, rating)
        self._rows.append(row._replace(subject=subject))
        if rating.mode == "live":
            announce(
                self._state,
                "comment.attached",
                subject,
                {"rating_id": subject, "device_id": device.device_id},
                session_key or self._partition(one, subject),
                place,
                occurred_ms,
            )

    def _partition(self, one: Timed, subject: str) -> str:
        """What the events of the rating it speaks of are kept in order by."""
        _, device, rating, _, _, _ = one
        stored = find_rating(self._state, subject)
        if stored is None:
            return rating.session_id or device.device_id
        if stored.session_no is not None:
            session = self._state.session_books.of_number(stored.session_no)
            if session is not None:
                return session.key
        return stored.details.get("session_id") or stored.device_id

    def save(self) -> None:
        if self._rows:
            self._state.ratings.add_personal(self._rows)
            self._rows.clear()
