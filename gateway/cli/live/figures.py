"""What a picture shows, as plain values; nothing here reads or draws."""

from typing import Final

import msgspec

FATES: Final = (
    "accepted",
    "duplicate",
    "conflict",
    "quarantined",
    "ignored",
    "deferred",
)


class Sink(msgspec.Struct, frozen=True):
    """One of /pipeline: addressed = delivered + owed + dead + expired."""

    name: str
    kind: str
    addressed: int
    delivered: int
    owed: int
    dead: int
    lag_s: float
    state: str
    last_error: str | None = None


class Journal(msgspec.Struct, frozen=True):
    block: int
    ordinal: int
    bytes: int


class Pipeline(msgspec.Struct, frozen=True):
    """The body of /pipeline: received = sum of the fates at `processed_block`."""

    received: int
    accepted: int
    duplicate: int
    conflict: int
    quarantined: int
    ignored: int
    deferred: int
    journal: Journal
    processed_block: int
    sinks: tuple[Sink, ...]

    @property
    def agrees(self) -> bool:
        fates: list[int] = [getattr(self, fate) for fate in FATES]
        return self.received == sum(fates)

    @property
    def blocks_behind(self) -> int:
        return max(0, self.journal.block - self.processed_block)


class Intake(msgspec.Struct, frozen=True):
    """What ingest exports: messages since the journal began, and the broker's link."""

    received: int
    unacknowledged: int
    link_up: bool


class Process(msgspec.Struct, frozen=True):
    """A process of the picture; `pid` None: it does not run, `halted`: it is held."""

    name: str
    pid: int | None
    rss_bytes: int = 0
    cpu_s: float = 0.0
    note: str = ""
    halted: bool = False


class Press(msgspec.Struct, frozen=True, kw_only=True):
    """A rating and its way; times are ms since the epoch, None: not there yet."""

    rating_id: str
    device_id: str
    level: int | None
    pressed_ms: int
    received_ms: int
    backend_ms: int | None = None


class Hall(msgspec.Struct, frozen=True):
    """What only a demo knows: the terminals' side of it.

    `levels` counts ratings by level, `presence` devices by presence.
    """

    presses: tuple[Press, ...] = ()
    levels: dict[int, int] = {}
    presence: dict[str, int] = {}


class Rates(msgspec.Struct, frozen=True):
    """Per second over the last few; None while it cannot be told."""

    received: float | None = None
    blocks: float | None = None
    processed: float | None = None
    sinks: dict[str, float] = {}
    cpu: dict[str, float] = {}


class Happening(msgspec.Struct, frozen=True):
    """Something that changed; `good` says whether that is welcome."""

    at_ms: int
    text: str
    good: bool


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is drawn; `trouble` says why figures are old or absent."""

    title: str
    at_ms: int
    elapsed_s: float
    ready: bool
    trouble: str | None = None
    intake: Intake | None = None
    pipeline: Pipeline | None = None
    processes: tuple[Process, ...] = ()
    rates: Rates = Rates()
    hall: Hall | None = None
    happenings: tuple[Happening, ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
