"""Devices, their activity, and the tables of the registry."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec

from fleet.findings import Findings
from fleet.presence import Known, shared
from fleet.sequence import Former, Sequence
from fleet.vitals import Vitals
from fleet.watching import Habits, Watch
from gateway.events.points import health_tags, point_tags
from gateway.ledger.store import Store

DEVICE_COLUMNS = (
    "no, device_id, lifecycle, hw_serial, model, profile, site, window, labels,"
    " installed_at, first_seen_ms"
)
_PRESENCE = msgspec.json.Decoder(Known)

NEVER_ASKED_MS: Final = 1 << 62
"""The patience with what nobody waits for."""


class _Gaps(msgspec.Struct, gc=False, omit_defaults=True):
    """Of a sequence, what changes seldom."""

    missing: tuple[tuple[int, int], ...] = ()
    given_up: int = 0
    boots: tuple[str, ...] = ()
    former: tuple[Former, ...] = ()
    first: int | None = None


_GAPS = msgspec.json.Decoder(_Gaps)
_NO_GAPS: Final = "{}"


def _gaps_of(sequence: Sequence) -> str:
    if not (sequence.missing or sequence.given_up or sequence.boots):
        return _NO_GAPS  # of nearly all devices: one text for them
    gaps = _Gaps(
        sequence.missing,
        sequence.given_up,
        sequence.boots,
        sequence.former,
        sequence.first,
    )
    return msgspec.json.encode(gaps).decode()


class Facts(msgspec.Struct, gc=False):
    """What its row tells of a device beside where it stands."""

    hw_serial: str | None = None
    model: str | None = None
    profile: str | None = None
    labels: str | None = None
    installed_at: str | None = None
    first_seen_ms: int | None = None


class Pressing(msgspec.Struct, array_like=True, gc=False):
    """What a device's heartbeats told of one local day so far.

    `pressed` by its key counters, None: it has none; `exact` unless they began anew;
    `seq_to` is the last number that it had given.
    """

    day: int
    pressed: int | None = None
    exact: bool = True
    seq_to: int | None = None


class Binding(NamedTuple):
    """Where ratings count; with it the tags of their points are fixed."""

    no: int
    site: str | None
    department: str | None
    window: str | None
    scale: str
    medium: str
    employee_tag: bool

    def tags(self, device_id: str, employee_id: str | None, origin: str) -> str:
        """The tags of a point of this device."""
        return point_tags(
            self.site,
            self.department,
            self.window,
            device_id,
            employee_id if self.employee_tag else None,
            self.scale,
            origin,
            self.medium,
        )


_NO_TAGS: tuple[Binding | None, str | None, str, str] = (None, None, "", "")
_NO_HEALTH_TAGS: tuple[str | None, str | None, str | None, str] = (None, None, None, "")


class Device:
    """A device as the fold sees it: its row, its activity, and what is unsaved."""

    __slots__ = (
        "_health_tags",
        "_tags",
        "adjusted",
        "binding",
        "block",
        "burst",
        "correction_ms",
        "day",
        "day_accepted",
        "day_from_ms",
        "day_to_ms",
        "deferred",
        "deferred_max",
        "department",
        "device_id",
        "facts",
        "findings",
        "gaps",
        "habits",
        "known",
        "last_rating_ms",
        "last_seen_ms",
        "lifecycle",
        "missing",
        "no",
        "open_since_ms",
        "open_until_ms",
        "patience_ms",
        "pressing",
        "ratings",
        "receipts",
        "refill_per_ms",
        "refilled_ms",
        "scores",
        "sequence",
        "shifts",
        "site",
        "stir",
        "tokens",
        "vitals",
        "watch",
        "window",
    )

    def __init__(self, no: int, device_id: str, lifecycle: str) -> None:
        self.no = no
        self.device_id = device_id
        self.lifecycle = lifecycle
        self.site: str | None = None
        self.window: str | None = None
        self.department: str | None = None
        self.facts = Facts()
        self.known = Known()
        self.receipts = False
        self.sequence = Sequence()
        self.gaps: str | None = None  # of the sequence, as kept; None: they changed
        self.missing = 0
        self.last_seen_ms: int | None = None
        self.last_rating_ms: int | None = None
        self.vitals: Vitals | None = None  # until its first heartbeat
        self.correction_ms = 0  # of its clock, by its vitals
        self.shifts: tuple[tuple[int, int], ...] = ()  # of this run: place, before it
        self.adjusted = False  # whether either concerns its events
        self.findings: Findings | None = None  # until it was first judged
        self.ratings = 0  # pressed on it and accepted: each once
        self.day = 0  # the local day that it counts; 0: none yet
        self.day_accepted = 0  # ratings that were pressed on it; of no day: anything
        self.day_from_ms = self.day_to_ms = 0  # its bounds; equal: not worked out
        self.pressing: Pressing | None = None  # until its first heartbeat
        self.watch = Watch()
        self.habits: Habits | None = None  # None: to be worked out anew
        self.open_since_ms = self.open_until_ms = 0  # its site is, as far as known
        self.patience_ms = -1  # silent for so long, it stirs when it speaks
        self.stir: Callable[[Device, int], None] = _nobody_watches
        self.tokens = 0.0
        self.refilled_ms = 0
        self.deferred = 0
        self.block = -1  # the block that touched it last: refill once a block
        self.burst = self.refill_per_ms = 0.0  # by its profile, as the next two
        self.deferred_max = 0
        self.scores: list[float] = []
        self.binding: Binding | None = None  # None: to be worked out anew
        self._tags = _NO_TAGS  # of its last point
        self._health_tags = _NO_HEALTH_TAGS  # of its last heartbeat's

    @property
    def profile(self) -> str | None:
        """The name of its profile, which may not be in force."""
        return self.facts.profile

    def forget_hours(self) -> None:
        """What follows from its site's hours is to be worked out anew."""
        self.habits, self.patience_ms = None, -1
        self.day_from_ms = self.day_to_ms = 0
        self.open_since_ms = self.open_until_ms = 0

    def saw_rating(self, received_ms: int) -> None:
        """A press as of then; what is folded later than it came turns nothing back."""
        if received_ms > (self.last_rating_ms or 0):
            self.last_rating_ms = received_ms

    def saw(self, received_ms: int) -> None:
        """Life as of then, in the order in which messages came."""
        seen_ms = self.last_seen_ms or 0
        if received_ms > seen_ms:
            if received_ms - seen_ms >= self.patience_ms:
                self.stir(self, received_ms)
            self.last_seen_ms = received_ms

    def correct_clock(self, correction_ms: int) -> None:
        """Put a correction in force for all that is folded from now on."""
        self.correction_ms = correction_ms
        self.shifts = ()
        self.adjusted = correction_ms != 0

    def shift_clock(self, correction_ms: int, place: int) -> None:
        """As told by a heartbeat: events before it in the run keep what they had."""
        self.shifts = (*self.shifts, (place, self.correction_ms))
        self.correction_ms = correction_ms
        self.adjusted = True

    def correction_at(self, place: int) -> int:
        """What to add to what an event at this place claims."""
        for shifted, before_ms in self.shifts:
            if place < shifted:
                return before_ms
        return self.correction_ms

    def tags_of(self, binding: Binding, employee_id: str | None, origin: str) -> str:
        """The tags of a point of this device; mostly those of its last one."""
        last_binding, employee, last_origin, tags = self._tags
        if (
            binding is last_binding
            and employee_id == employee
            and origin == last_origin
        ):
            return tags
        tags = binding.tags(self.device_id, employee_id, origin)
        self._tags = (binding, employee_id, origin, tags)
        return tags

    def health_tags(self) -> str:
        """The tags of a heartbeat's point; mostly those of its last one."""
        site, window, model, tags = self._health_tags
        if (
            not tags
            or site != self.site
            or window != self.window
            or model != self.facts.model
        ):
            site, window, model = self.site, self.window, self.facts.model
            tags = health_tags(site, window, self.device_id, model)
            self._health_tags = (site, window, model, tags)
        return tags


def _nobody_watches(_device: Device, _at_ms: int) -> None:
    """Of a device outside a fold."""


class Devices:
    """The tables `device`, `device_activity` and `registry_row`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[Device]:
        """Every device, with its activity."""
        devices = {}
        for row in self._store.all(f"SELECT {DEVICE_COLUMNS}, presence FROM device"):
            device = Device(row[0], row[1], row[2])
            device.site, device.window = row[6], row[7]
            device.facts = Facts(row[3], row[4], row[5], row[8], row[9], row[10])
            if row[11] is not None:
                device.known = known = _PRESENCE.decode(row[11])
                known.capabilities = shared(known.capabilities)
                device.receipts = device.known.receipts
            devices[device.no] = device
        self._load_activity(devices)
        return list(devices.values())

    def _load_activity(self, devices: dict[int, Device]) -> None:
        for row in self._store.all(
            "SELECT no, last_seen_ms, last_rating_ms, boot_id, last_seq, missing,"
            " tokens, refilled_ms, deferred, ratings, day, day_accepted"
            " FROM device_activity"
        ):
            device = devices[row[0]]
            device.last_seen_ms, device.last_rating_ms = row[1], row[2]
            gaps = _GAPS.decode(row[5])
            device.sequence = Sequence(
                row[4],
                row[3],
                gaps.missing,
                gaps.given_up,
                gaps.boots,
                gaps.former,
                gaps.first,
            )
            device.tokens, device.refilled_ms, device.deferred = row[6:9]
            device.ratings, device.day, device.day_accepted = row[9:12]

    def save(self, devices: Iterable[Device]) -> None:
        """Write the rows of new or changed devices."""
        self._store.many(
            f"INSERT OR REPLACE INTO device ({DEVICE_COLUMNS}, presence)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [self._row(device) for device in devices],
        )

    @staticmethod
    def _row(device: Device) -> tuple[object, ...]:
        facts = device.facts
        return (
            device.no,
            device.device_id,
            device.lifecycle,
            facts.hw_serial,
            facts.model,
            facts.profile,
            device.site,
            device.window,
            facts.labels,
            facts.installed_at,
            facts.first_seen_ms,
            msgspec.json.encode(device.known).decode(),
        )

    def save_activity(self, devices: Iterable[Device]) -> None:
        """Write what messages changed: cheap, once a transaction for each device."""
        devices = list(devices)
        for device in devices:
            if device.gaps is None:
                device.gaps = _gaps_of(device.sequence)
                device.missing = device.sequence.missing_count
        self._store.many(
            "INSERT OR REPLACE INTO device_activity VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                (
                    device.no,
                    device.last_seen_ms,
                    device.last_rating_ms,
                    device.sequence.boot_id,
                    device.sequence.last,
                    device.gaps,
                    device.missing,
                    device.tokens,
                    device.refilled_ms,
                    device.deferred,
                    device.ratings,
                    device.day,
                    # Without a site additions go on since the last start: no count.
                    device.day_accepted if device.day else 0,
                )
                for device in devices
            ],
        )

    def registry(self, kind: str) -> dict[str, dict[str, Any]]:
        """The rows of one table of the registry, by key."""
        rows = self._store.all(
            "SELECT key, data FROM registry_row WHERE kind = ?", (kind,)
        )
        return {key: json.loads(data) for key, data in rows}

    def registry_row(self, kind: str, key: str) -> dict[str, Any] | None:
        row = self._store.one(
            "SELECT data FROM registry_row WHERE kind = ? AND key = ?", (kind, key)
        )
        return None if row is None else json.loads(row[0])

    def save_registry(self, kind: str, key: str, row: dict[str, Any]) -> None:
        data = json.dumps(row, ensure_ascii=False, sort_keys=True)
        self._store.run(
            "INSERT OR REPLACE INTO registry_row VALUES (?, ?, ?)", (kind, key, data)
        )
