"""Where else it stands what a person said: in records that repeat it, or were refused.

Duplicates and refused messages leave their text in the journal, and refused ones in
the quarantine, too. The fold notes where, so that an erasure finds them. What comes
under an identity that was erased before is redacted as it comes.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeGuard

import msgspec

from device_protocol.errors import ProtocolError
from device_protocol.identity import HASH_BYTES, rating_id
from device_protocol.messages import Complaint, EventMessage, Rating
from device_protocol.topics import Channel
from gateway.ledger.erasures import Copy, Erasure
from gateway.places import ELEMENTS_MAX
from gateway.ports import Record, RecordFlag
from gateway.processing.erasure.envelopes import unfolded
from gateway.processing.erasure.redacting import redacted
from gateway.processing.ratings.finding import meant_by
from gateway.processing.state import State
from gateway.redaction import Personal, opened, source_of

COPIES_MAX: Final = 500_000
"""Places that are noted; beyond it the oldest are forgotten: the journal holds them
no longer than `journal_days`."""

SPEAKING: Final = frozenset({Channel.RATING, Channel.COMPLAINT})
_ERASED: Final = "what it said about a person was erased"
_NATIVE: Final = Personal()
_ELEMENT: Final = int(RecordFlag.ELEMENT)


def tells_of_person(message: object) -> TypeGuard[Rating | Complaint]:
    """Whether a message has personal fields."""
    return isinstance(message, Rating | Complaint) and (
        message.comment is not None or message.contact is not None
    )


def head_of(place: int) -> int:
    """The place of the record in which an element stands."""
    return place - place % ELEMENTS_MAX


class _Speaking(NamedTuple):
    """An element; `about` is the rating that a comment alone speaks of."""

    event_id: str
    content_hash: bytes
    about: str | None


class Copies:
    """Notes records, and redacts what the ledger keeps of them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def repeated(self, place: int, own: str, message: EventMessage) -> None:
        """A duplicate says the same again."""
        if tells_of_person(message):
            self._note(place, own, message.content_hash, own)

    def refused(
        self, record: Record, place: int, device_id: str | None, error: ProtocolError
    ) -> tuple[Record, str]:
        """A record that goes to the quarantine: as it may be kept, and the detail."""
        detail = error.detail
        if device_id is None:
            return record, detail
        for index, one in list(self._speaking(record, device_id, error)):
            own = rating_id(device_id, one.event_id)
            if self._note(place + index, own, one.content_hash, one.about or own):
                erasure = self.erasure(place + index, own, own, one.content_hash)
                record = opened(redacted(record, erasure, index))
                detail = _ERASED
        return record, detail

    def _note(self, place: int, own: str, content_hash: bytes, about: str) -> bool:
        """Note a copy; True when its identity was erased, and so it is, too."""
        state, erasures = self._state, self._state.erasures
        subject = erasures.erased_as(own)
        if subject is not None:
            self.erase(place, own, subject, content_hash)
            return True
        state.retention.begin()
        erasures.add_copy(Copy(place, own, content_hash, state.now_ms, about))
        state.kept_copies += 1
        if state.kept_copies > COPIES_MAX:
            self._bound()
        return False

    def _bound(self) -> None:
        """Whoever floods us must not fill the disk; the journal forgets them anyway."""
        state = self._state
        state.kept_copies = state.erasures.copies()
        if state.kept_copies > COPIES_MAX:
            drop = state.kept_copies - COPIES_MAX + COPIES_MAX // 100
            state.erasures.drop_copies(drop)
            state.kept_copies -= drop

    def _speaking(
        self, record: Record, device_id: str, error: ProtocolError
    ) -> Iterator[tuple[int, "_Speaking"]]:
        """Elements that may tell of a person, each with its index."""
        entry = self._state.entries.get(record.topic)
        if entry is None or entry[1] not in SPEAKING:
            return
        try:
            found = unfolded(record, entry[2])[1](device_id, record.payload)
        except ProtocolError as refused:
            found = [refused]
        some = found if isinstance(found, list) else [found]
        for index, one in enumerate(some):
            if tells_of_person(one):
                about = None
                if isinstance(one, Rating) and one.comment_for is not None:
                    about = meant_by(self._state, device_id, one.comment_for)
                yield index, _Speaking(one.event_id, one.content_hash, about)
            elif isinstance(one, ProtocolError):
                event_id = one.event_id or (error.event_id if len(some) == 1 else None)
                if event_id is not None:
                    hashed = source_of(record)[:HASH_BYTES]
                    yield index, _Speaking(event_id, hashed, None)

    # ----- what is erased

    def erase(self, place: int, own: str, subject: str, content_hash: bytes) -> None:
        """From now on an element says nothing about a person."""
        state = self._state
        state.erasures.add(self.erasure(place, own, subject, content_hash))
        state.erased = True

    def erasure(
        self, place: int, own: str, subject: str, content_hash: bytes
    ) -> Erasure:
        """How an element is erased, by the key that sealed the present block."""
        state = self._state
        personal = msgspec.json.encode(self._personal(own)).decode()
        digest = state.keyed_digest(content_hash)
        at = state.now_ms, state.block
        return Erasure(
            place, own, subject, content_hash, state.key_id, digest, personal, *at
        )

    def _personal(self, own: str) -> Personal:
        """Where the messages of its device have what tells of a person."""
        state = self._state
        device = state.by_id.get(own.partition(":")[0])
        if device is None or device.profile is None:
            return _NATIVE
        complaint = state.session_books.complaint(own) is not None
        channel = Channel.COMPLAINT if complaint else Channel.RATING
        return state.profiles.personal(device.profile, channel)

    def redact_items(self, erasures: Sequence[Erasure]) -> None:
        """Redact what the quarantine keeps of these elements."""
        queues = self._state.queues
        for erasure in erasures:
            places = {erasure.place, head_of(erasure.place)}
            for item in queues.standing_at(sorted(places)):
                assert item.payload is not None
                record = Record(
                    item.kind, item.topic, item.payload, item.received_ms, item.flags
                )
                alone = item.flags & _ELEMENT
                index = 0 if alone else erasure.place - head_of(erasure.place)
                if alone and item.place != erasure.place:
                    continue
                try:
                    kept = redacted(record, erasure, index)
                except ValueError:
                    queues.purge([item.id])
                else:
                    queues.redact(item.id, kept.payload, kept.flags, _ERASED)
