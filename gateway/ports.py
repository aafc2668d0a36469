"""Where components meet: the records, blocks and events they exchange.

Times named `*_ms` are milliseconds since 1970-01-01T00:00:00Z.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag, auto
from typing import NamedTuple, Protocol

import msgspec
from mqtt5 import PublishPacket

from device_protocol.mqtt_publish import PLAIN, PublishOptions


class RecordKind(IntEnum):
    """MESSAGE and HTTP records count as received; ACT records do not."""

    MESSAGE = 0
    ACT = 1
    HTTP = 2


class RecordFlag(IntFlag):
    RETAINED = 1
    DUPLICATE = 2
    BACKLOG = 4  # drained from the broker's queue after our own absence
    ELEMENT = 8  # one element of an array, kept apart; never set by ingress
    REDACTED = 16  # an envelope (`gateway.redaction`) stands for the payload


class Record(msgspec.Struct, array_like=True, gc=False):
    """What we promised to keep.

    `topic` is the MQTT topic of a MESSAGE, `device_id/channel` of an HTTP element,
    and the name of an ACT (for example `rules_applied`), whose payload is a JSON
    object.
    """

    kind: int
    topic: str
    payload: bytes
    received_ms: int
    flags: int = 0


class HeaderFlag(IntFlag):
    CLOCK_SUSPECT = 1


class Header(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A block's header; `chain` covers the previous header's chain and all else here.

    `first_message` counts the MESSAGE and HTTP records of all earlier blocks, so
    `first_message + messages` is what ingress has received up to this block.
    `records` counts all records of the body.
    """

    number: int
    generation: int
    first_message: int
    messages: int
    records: int
    appended_ms: int
    flags: int
    key_id: int
    digest: bytes
    chain: bytes


class Block(NamedTuple):
    """A header and its records; None when the body does not match its digest."""

    header: Header
    records: list[Record] | None


class Journal(Protocol):
    """The writing side, owned by one process."""

    @property
    def head(self) -> Header | None:
        """The newest durable block."""

    def append(self, records: Sequence[Record]) -> Header:
        """Make the records durable as one block; an empty sequence is a tick.

        Raises:
            DiskFullError: nothing was kept; call again later.
            JournalBrokenError: end this process, acknowledge nothing.

        """

    def accept_clock(self) -> None:
        """Believe the wall clock as it is now: an operator said so."""


class JournalReader(Protocol):
    """The reading side, for any process."""

    def blocks(self, after: int, limit: int) -> list[Block]:
        """At most `limit` durable blocks with numbers above `after`, in order."""

    def last_number(self) -> int:
        """The number of the newest durable block, 0 when there is none."""


class RatingEvent(msgspec.Struct, array_like=True, gc=False, tag_field="shape", tag=0):
    """An event about one rating; it also says how that rating's point stands now.

    `tags` are the point's stored tags, escaped as line protocol wants them and
    without a leading comma; `point_ns` is its time.
    """

    ordinal: int
    type: str
    device_id: str
    event_id: str
    version: int
    level: int
    level_raw: int | float | str | None
    occurred_ms: int
    received_ms: int
    time_quality: str
    session_id: str | None
    employee_id: str | None
    origin: str
    flags: tuple[str, ...]
    effective: bool
    score: float
    tags: str
    point_ns: int
    site: str | None = None
    window: str | None = None
    department: str | None = None
    session_key: str | None = None
    stage: int | None = None
    items: tuple[tuple[str, int], ...] = ()
    reasons: tuple[str, ...] = ()
    round: str = "initial"
    amends: str | None = None
    medium: str = "terminal"
    related: str | None = None  # the rating_id that amends, supersedes or follows it

    @property
    def rating_id(self) -> str:
        return f"{self.device_id}:{self.event_id}"


class Event(msgspec.Struct, array_like=True, gc=False, tag_field="shape", tag=1):
    """Any other event of the registry; `data` is a JSON object, encoded.

    `personal` is the packed place whose sealed fields are joined at sending.
    """

    ordinal: int
    type: str
    subject: str
    version: int
    time_ms: int
    partition: str
    data: bytes
    personal: int | None = None


class HealthPoint(msgspec.Struct, array_like=True, gc=False, tag_field="shape", tag=2):
    """One heartbeat as a point of `device_health`, for time series alone.

    `tags` and `fields` are text of line protocol, without the comma between them and
    the measurement; with `point_ns` they are fixed at the fold.
    """

    ordinal: int
    device_id: str
    tags: str
    fields: str
    point_ns: int
    type: str = "device_health"

    @property
    def subject(self) -> str:
        return self.device_id

    @property
    def partition(self) -> str:
        return self.device_id


AnyEvent = RatingEvent | Event | HealthPoint


class Receipt(msgspec.Struct, array_like=True, gc=False):
    """What one block settles for one device that waits for receipts.

    `rejected` holds (event_id or "sha256:<hex of the payload>", reason).
    """

    device_id: str
    event_ids: list[str]
    rejected: list[tuple[str, str]]


class Order(msgspec.Struct, array_like=True, gc=False):
    """A command for one terminal, or the settings wanted of it."""

    device_id: str
    channel: str  # command | config
    subject: str  # the command's id, or the settings' revision
    payload: bytes
    expires_ms: int  # 0: never


class Control(msgspec.Struct, array_like=True, gc=False):
    """What the dispatcher is to do, in journal order; `data` is JSON."""

    name: str  # as `gateway.delivery.controls` reads it
    data: bytes


class OutboxRow(msgspec.Struct, array_like=True, gc=False):
    """What one block owes to the sinks; a sink's cursor is (block, index)."""

    block: int
    appended_ms: int
    events: list[AnyEvent]
    receipts: list[Receipt] = []
    controls: list[Control] = []
    points: int = 0  # how many of `events` are for time series alone
    notices: int = 0  # how many are for one recipient of alerts alone
    canaries: int = 0  # how many tell of a ghost's press
    orders: list[Order] = []


class SinkSpec(msgspec.Struct, frozen=True):
    """A sink as `sinks_applied` names it."""

    name: str
    kind: str  # influxdb | backend | receipts | commands | email | webhook
    events: tuple[str, ...]


class SinkSince(NamedTuple):
    """A sink in force from (block, index) on: `events` are its name patterns."""

    name: str
    kind: str  # as `SinkSpec`
    events: tuple[str, ...]
    since_block: int
    since_index: int


class Outbox(Protocol):
    """What the dispatcher reads of the ledger: short read transactions."""

    def rows(self, from_block: int, limit: int) -> list[OutboxRow]:
        """Rows from `from_block` on, in order; blocks that owe nothing have none."""

    def first_since(self, appended_ms: int) -> int:
        """The first row appended then or later; past all rows when there is none."""

    def first_within(self, bytes_max: int, from_block: int) -> int:
        """The first row of the newest ones that hold so many bytes together.

        0 when all from `from_block` on fit: older ones are not looked at.
        """

    def newest_ms(self) -> int:
        """When the newest row was appended; 0 when there is none."""

    def folded(self) -> int:
        """The last block folded."""

    def sinks(self) -> list[SinkSince]:
        """Every sink state that was ever in force, oldest first."""

    def addressed_before(self, name: str, block: int, index: int) -> int:
        """How many events were addressed to a sink before (block, index), ever."""

    def personal(self, place: int) -> dict[str, object] | None:
        """The unsealed personal fields, None when erased."""


class Submitter(Protocol):
    """How other roles put records into the journal."""

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        """(generation, block, first message index) after fsync.

        Raises:
            TransientError: ingest did not answer in time; nothing is known.
        """


class LinkListener:
    """Whom a link to the broker tells what happens; each call returns at once.

    An epoch numbers a connection. A listener that derives from this class needs to
    write only the methods it cares for.
    """

    def link_opened(self, epoch: int, *, session_present: bool) -> None:
        """The broker accepted us; nothing has been received yet."""

    def link_subscribed(self, epoch: int, refused: Mapping[str, int]) -> None:
        """The subscriptions' codes are known: those not granted as asked, by filter."""

    def link_received(self, epoch: int, packets: Sequence[PublishPacket]) -> None:
        """Publishes, in the order received."""

    def link_confirmed(self, epoch: int, packet_id: int, code: int) -> None:
        """The broker took our publish; it did not when `code` >= 0x80."""

    def link_passed(self, epoch: int, barrier: int) -> None:
        """The broker has read all that we wrote before this barrier."""

    def link_failed(self, reason: str) -> None:
        """An attempt to connect has failed; another follows."""

    def link_closed(self, epoch: int, reason: str, *, taken_over: bool) -> None:
        """The connection ended, by whomever; its packet ids are void."""


class Link(Protocol):
    """One connection to the broker at a time, made again whenever it ends."""

    @property
    def epoch(self) -> int:
        """The present connection's number, 0 when there is none."""

    @property
    def quota(self) -> int:
        """How many more publishes may be given now."""

    def acknowledge(self, epoch: int, packet_ids: Sequence[int]) -> bool:
        """Acknowledge in this order; False, and nothing sent, when `epoch` is over."""

    def publish(
        self, messages: Sequence[tuple[str, bytes]], options: PublishOptions = PLAIN
    ) -> list[int]:
        """Send (topic, payload) with QoS 1; their packet ids, in order.

        Only as many as `quota` allows are sent: the answer may be shorter.
        """

    def barrier(self) -> int:
        """Ask to hear (`link_passed`) when the broker has read all written so far."""

    def hold_reading(self, *, held: bool) -> None:
        """Stop reading the socket, or go on; pings go on in any case."""

    def stop(self) -> None:
        """Let `run` part from the broker in good order and return."""

    async def run(self) -> None:
        """Connect and serve, again and again, until `stop`."""


Unit = AnyEvent | Receipt | Order
"""What a sink takes: an event, or what it says to one device."""


class Verdict(Enum):
    """What an answer means for the units that it speaks of."""

    DELIVERED = auto()
    REFUSED = auto()  # at least one of them is guilty: bisect
    TOO_LARGE = auto()  # together they are: split
    RETRY = auto()  # the world's fault, later it may work
    OPERATOR = auto()  # an operator's fault: try slowly, tell them
    DISABLED = auto()  # nothing more until an operator acts


@dataclass(frozen=True, slots=True)
class Answer:
    """A sink's answer about the first `count` units of a request.

    `status` is the code of its protocol, None when there was no answer; `detail` the
    beginning of what it said, or what went wrong; `retry_after_ms` what it asked for.
    """

    verdict: Verdict
    count: int
    status: int | None = None
    detail: str = ""
    retry_after_ms: int = 0


class Sink(Protocol):
    """Where units go; knows bytes and connections, nothing of order or retries."""

    async def send(self, units: Sequence[Unit]) -> Answer:
        """Send as many of the first units as one request takes, at least one.

        Has a deadline of its own. Raises nothing of the world: it answers RETRY.
        """

    async def close(self) -> None:
        """Give the connections back."""
