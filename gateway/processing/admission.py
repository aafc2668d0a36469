"""Hop 4: whose message is it, may it speak, what does it say.

Takes the records of one run (a block's records between two acts) apart into
elements to be judged, and gives every other element its fate at once.
"""

from collections.abc import Sequence
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple

from device_protocol.codec import reader_of
from device_protocol.errors import ProtocolError, Reason
from device_protocol.json_text import split
from device_protocol.messages import (
    Cleared,
    EventMessage,
    Heartbeat,
    Message,
    Presence,
    Rating,
)
from device_protocol.profiles import ProfileReader
from device_protocol.topics import Channel
from fleet.presence import shared
from fleet.registry import ACCEPTING
from gateway.ledger.devices import Device
from gateway.places import ELEMENT_BITS
from gateway.ports import Record, RecordFlag, RecordKind
from gateway.processing.erasure.envelopes import read_part, unfolded
from gateway.processing.fleet.canaries import read_press
from gateway.processing.fleet.devices import learn_presence
from gateway.processing.fleet.heartbeats import beat
from gateway.processing.memory.profiles import Reader
from gateway.processing.quarantine import Quarantine
from gateway.processing.ratings.bindings import reader_over_http
from gateway.processing.speakers import address_of, meet
from gateway.processing.state import DEFERRED_MAX, Entry, State
from gateway.redaction import REDACTED, part, payload_of

Element = tuple[int, Device, EventMessage, Record]
"""Packed place, device, what it says, and the record it came in."""

_speaker: Final = itemgetter(1)
DEFERRAL_STEP_MS: Final = 1_000
RECORD_STEP: Final = 1 << ELEMENT_BITS
PRESENCE: Final = Channel.PRESENCE
RETAINED: Final = int(RecordFlag.RETAINED)  # an enum's & costs a microsecond
UNUSUAL: Final = RETAINED | REDACTED


class Arrival(NamedTuple):
    """A record that is folded later than it came: held, deferred or replayed."""

    place: int
    record: Record


class Admission:
    """Sorts the records of a run."""

    def __init__(self, state: State, quarantine: Quarantine) -> None:
        self._state = state
        self._quarantine = quarantine
        self._waiting: list[Element] = []  # of the run, not judged yet
        self._speakers: set[Device] = set()  # of the first `_seen` of those
        self._seen = 0

    def take_waiting(self) -> list[Element]:
        """What is to be judged before anything that comes later in the run."""
        waiting = self._waiting[:]
        self._waiting.clear()
        self._speakers.clear()
        self._seen = 0
        return waiting

    def admit(self, records: Sequence[Record], first: int) -> list[Element]:
        """The last elements of a run whose first record stands at index `first`.

        Those before something that follows from them, or that tells of itself at once,
        were judged by then: the order of what is told does not depend on the blocks.
        """
        state = self._state
        entries, block = state.entries, state.block
        elements = self._waiting
        place = state.place(first) - RECORD_STEP
        for record in records:
            place += RECORD_STEP
            entry = entries.get(record.topic) or self._enter(record, place)
            if entry is None:
                continue
            device, channel, read = entry
            if device.block != block:
                state.touch(device)
            if (
                record.flags & UNUSUAL
                or device.lifecycle not in ACCEPTING
                or device.deferred
                or device.tokens < 1
            ) and self._set_aside(record, place, entry, elements):
                continue
            if channel is not PRESENCE:
                device.saw(record.received_ms)
            try:
                message = read(device.device_id, record.payload)
            except ProtocolError as error:
                self._quarantine.refuse(record, place, device.device_id, error)
                continue
            if isinstance(message, Rating):
                device.tokens -= 1
                state.unknown_fields += message.unknown_fields
                elements.append((place, device, message, record))
            else:
                self._unfold(message, record, place, device, elements)
        return self.take_waiting()

    def _set_aside(
        self, record: Record, place: int, entry: Entry, elements: list[Element]
    ) -> bool:
        """Whether something keeps the message from being judged as it came."""
        device, channel, read = entry
        if not record.flags & REDACTED:
            return self._stopped(record, place, device, channel)
        record, read = unfolded(record, read)
        if (
            record.flags & RETAINED
            or device.lifecycle not in ACCEPTING
            or (device.deferred or device.tokens < 1)
        ) and self._stopped(record, place, device, channel):
            return True
        device.saw(record.received_ms)
        self._read_again(record, place, device, read, elements)
        return True

    def readmit(self, arrivals: Sequence[Arrival]) -> list[Element]:
        """As `admit`, of messages that were kept back; the bucket is not asked."""
        elements = self._waiting
        entries = self._state.entries
        for place, arrived in arrivals:
            entry = entries.get(arrived.topic) or self._enter(arrived, place)
            if entry is None:
                continue
            device, channel, read = entry
            record, read = unfolded(arrived, read)
            self._state.touch(device)
            stopped = (
                record.flags & RETAINED or device.lifecycle not in ACCEPTING
            ) and self._stopped(record, place, device, channel, bucket=False)
            if not stopped:
                self._read_again(record, place, device, read, elements)
        return self.take_waiting()

    def _read_again(
        self,
        record: Record,
        place: int,
        device: Device,
        read: Reader,
        elements: list[Element],
    ) -> None:
        try:
            message = read_part(read, device.device_id, record)
        except ProtocolError as error:
            self._quarantine.refuse(record, place, device.device_id, error)
            return
        if isinstance(message, Rating):
            device.tokens -= 1
            elements.append((place, device, message, record))
        else:
            self._unfold(message, record, place, device, elements)

    def _enter(self, record: Record, place: int) -> Entry | None:
        """Who speaks on a topic seen for the first time; None: it was refused."""
        state = self._state
        try:
            device_id, channel = address_of(state, record)
        except ProtocolError as error:
            self._quarantine.refuse(record, place, None, error)
            return None
        device = state.by_id.get(device_id)
        if device is None:
            device = meet(state, device_id, record.kind)
        if device is None:
            crowd = ProtocolError(Reason.UNKNOWN_DEVICE, "too many pending devices")
            self._quarantine.refuse(record, place, device_id, crowd, state="held")
            return None
        http = record.kind == RecordKind.HTTP
        read = reader_over_http(channel) if http else self._reader(device, channel)
        if device_id in state.canaries.ghosts:
            read = read_press
        entry = (device, channel, read)
        if channel is not PRESENCE:  # it comes seldom
            state.entries[record.topic] = entry
        return entry

    def _reader(self, device: Device, channel: Channel) -> Reader:
        """What reads a terminal's channel: its profile, or the protocol itself."""
        found = self._state.profiles.reader(device.profile, channel)
        return found or reader_of(channel)

    def _stopped(
        self,
        record: Record,
        place: int,
        device: Device,
        channel: Channel,
        *,
        bucket: bool = True,
    ) -> bool:
        """Whether something keeps the message from being judged now."""
        presence = channel is Channel.PRESENCE
        if record.flags & RETAINED and not presence:
            error = ProtocolError(Reason.RETAINED, "says RETAIN = 1: not a new event")
            self._quarantine.refuse(record, place, device.device_id, error)
            return True
        if device.lifecycle not in ACCEPTING:
            return self._refused(record, place, device, channel)
        if presence or not bucket:
            return False
        device.saw(record.received_ms)
        self.defer(record, place, device)
        return True

    def _refused(
        self, record: Record, place: int, device: Device, channel: Channel
    ) -> bool:
        if device.lifecycle == "pending":
            if channel is Channel.PRESENCE:
                return False
            self._hold(record, place, device, channel)
            return True
        if channel is Channel.PRESENCE:
            self._hear(record, device)
        reason = (
            Reason.RETIRED_DEVICE
            if device.lifecycle == "retired"
            else Reason.REFUSED_DEVICE
        )
        error = ProtocolError(reason, f"the device is {device.lifecycle}")
        self._quarantine.refuse(record, place, device.device_id, error)
        return True

    def _hear(self, record: Record, device: Device) -> None:
        """Learn of a refused or retired terminal only whether it waits for receipts.

        It would send again and again what lies in quarantine, were it not told.
        """
        try:
            message = self._reader(device, Channel.PRESENCE)(
                device.device_id, record.payload
            )
        except ProtocolError:
            return
        if isinstance(message, Presence) and message.state == "online":
            device.known.capabilities = shared(message.capabilities)
            device.receipts = device.known.receipts
            self._state.changed_devices.add(device)

    def _hold(
        self, record: Record, place: int, device: Device, channel: Channel
    ) -> None:
        """Keep what a device not yet approved sends, element by element.

        Nothing of it is judged: the profile that the approval gives the device may
        read what the protocol alone cannot.
        """
        if channel is Channel.HEARTBEAT:
            # A state, not an event: the next one tells the same and more.
            self._state.fates["ignored", "device_pending"] += 1
            return
        try:
            record, read = unfolded(record, self._reader(device, channel))
            message = read_part(read, device.device_id, record)
        except ProtocolError as error:
            if error.reason is Reason.BAD_TOPIC:
                self._quarantine.refuse(record, place, device.device_id, error)
            else:
                self._quarantine.hold(record, place, device, error)
            return
        if isinstance(message, list):
            for element, one, part in self._parts(message, record, place):
                self._quarantine.hold(part, one, device, element)
        else:
            assert not isinstance(message, Presence | Heartbeat | Cleared)
            self._quarantine.hold(record, place, device, message)

    def defer(self, record: Record, place: int, device: Device) -> None:
        """Keep a message until the device's bucket has been refilled."""
        state = self._state
        bound = min(DEFERRED_MAX, device.deferred_max)
        if device.deferred >= bound:
            error = ProtocolError(Reason.RATE_LIMITED, f"{bound} are deferred")
            self._quarantine.refuse(record, place, device.device_id, error)
            return
        state.queues.defer(
            [
                (
                    place,
                    device.no,
                    record.kind,
                    record.topic,
                    payload_of(record),
                    record.received_ms,
                    record.flags,
                )
            ]
        )
        state.fates["deferred", "rate"] += 1
        if device.deferred == 0:
            due_ms = state.now_ms + DEFERRAL_STEP_MS
            state.set_timer(due_ms, "deferral", device.device_id)
        device.deferred += 1

    def _unfold(
        self,
        message: Message | list[EventMessage | ProtocolError],
        record: Record,
        place: int,
        device: Device,
        elements: list[Element],
    ) -> None:
        """Take in whatever is not one rating."""
        state = self._state
        if not isinstance(message, (list, Cleared)):
            state.unknown_fields += message.unknown_fields
        if isinstance(message, Heartbeat):
            if elements and self._spoke(device):
                state.catch_up()
            beat(state, device, message, record, place)
            state.fates["accepted", ""] += 1
        elif isinstance(message, Presence):
            rule = learn_presence(state, device, message, record)
            state.fates["ignored" if rule else "accepted", rule or ""] += 1
        elif isinstance(message, Cleared):
            state.fates["ignored", "presence_cleared"] += 1
        elif not isinstance(message, list):
            device.tokens -= 1
            elements.append((place, device, message, record))
        else:
            for element, one, part in self._parts(message, record, place):
                device.tokens -= 1
                if isinstance(element, ProtocolError):
                    self._quarantine.refuse(part, one, device.device_id, element)
                else:
                    state.unknown_fields += element.unknown_fields
                    elements.append((one, device, element, part))

    def _spoke(self, device: Device) -> bool:
        """Whether elements of the device wait: its heartbeat tells of them."""
        if self._seen < len(self._waiting):
            later = islice(self._waiting, self._seen, None)
            self._speakers.update(map(_speaker, later))
            self._seen = len(self._waiting)
        return device in self._speakers

    def _parts(
        self, message: list[EventMessage | ProtocolError], record: Record, place: int
    ) -> list[tuple[EventMessage | ProtocolError, int, Record]]:
        """Each element of an array with its place and its own bytes."""
        if not message:
            self._state.fates["ignored", "empty_array"] += 1
            return []
        self._state.elements_extra += len(message) - 1
        read = self._state.entries[record.topic][2]
        # Only a profile's reader knows where elements end in its character set.
        parted = read.split if isinstance(read, ProfileReader) else split
        sources = parted(record.payload)
        return [
            (element, place + index, part(record, source, index))
            for index, (element, source) in enumerate(
                zip(message, sources, strict=True)
            )
        ]
