"""What one fold works on: the ledger's tables, and caches of what they hold.

Everything here can be read again from the ledger: nothing but records enters.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import tzinfo
from operator import attrgetter
from typing import Final, Protocol

from device_protocol.errors import ProtocolError
from device_protocol.messages import EventMessage, Rating
from device_protocol.profiles.model import FULL_SCALE
from device_protocol.topics import Channel
from fleet.escalation import read_alerting
from fleet.press_test import PressTest
from gateway.ledger.alerts import AlertBooks, OpenAlert
from gateway.ledger.arrivals import Arrivals
from gateway.ledger.books import Books, Timer
from gateway.ledger.conditions import Conditions
from gateway.ledger.counts import FigureCounts
from gateway.ledger.days import DeviceDays
from gateway.ledger.devices import Binding, Device, Devices
from gateway.ledger.erasures import Erasure, Erasures
from gateway.ledger.queues import Queues
from gateway.ledger.ratings import Ratings
from gateway.ledger.sessions import SessionBooks
from gateway.ledger.statements import Statements
from gateway.ledger.store import Store
from gateway.places import Place
from gateway.ports import HeaderFlag, Record
from gateway.processing.memory.attributing import Attribution
from gateway.processing.memory.counting import Counting
from gateway.processing.memory.daybook import DayBook
from gateway.processing.memory.emission import Emission
from gateway.processing.memory.exclusions import Exclusions
from gateway.processing.memory.following import (
    Accountant,
    Commander,
    Furnisher,
    Ghosts,
    Watcher,
)
from gateway.processing.memory.openings import Openings
from gateway.processing.memory.profiles import Profiles, Reader, read_profiles
from gateway.processing.memory.restating import SealedMonths
from gateway.processing.memory.rulings import Rulings
from gateway.processing.memory.sinks import Sinks
from gateway.processing.memory.standing import Standing
from gateway.processing.memory.terms import KeptTerms
from gateway.processing.memory.zones import Zones
from gateway.ratings.flags import Flag
from gateway.sealing import Keyring

CLOCK_SUSPECT: Final = ("clock_suspect", "clock")
"""The alert that stands while the journal's time is not believed."""

DAY_MS: Final = 86_400_000
BUCKET_ELEMENTS: Final = 20_000.0
DEFERRED_MAX: Final = 200_000
PENDING_MAX: Final = 10_000
DEVICES_MAX: Final = 200_000

_number: Final = attrgetter("no")

Entry = tuple[Device, Channel, Reader]
"""Who speaks on a topic, on which channel, and what reads its payloads."""


class PressTesting(Protocol):
    """What knows of the press tests that run."""

    open: dict[int, PressTest]

    def hear(
        self,
        device: Device,
        rating: Rating,
        record: Record,
        occurred_ms: int,
        quality: str,
    ) -> Flag | None:
        """The flag of a press that belongs to a test."""

    def prove(self, device: Device, test_id: str, told: object, at_ms: int) -> None:
        """A terminal names keys that were pressed in a test."""


class Notifier(Protocol):
    """Whom alerts are told to."""

    def stands(self, alert_id: int) -> None:
        """An alert was opened, or something about it changed."""

    def resolved(self, alert_id: int) -> None:
        """An alert is over."""


class Copying(Protocol):
    """What notes where personal data stand, and redacts them."""

    def repeated(self, place: int, own: str, message: EventMessage) -> None:
        """A duplicate says the same again."""

    def refused(
        self, record: Record, place: int, device_id: str | None, error: ProtocolError
    ) -> tuple[Record, str]:
        """A refused record as it may be kept, and why it was refused."""

    def erasure(
        self, place: int, own: str, subject: str, content_hash: bytes
    ) -> Erasure:
        """How an element is erased."""

    def redact_items(self, erasures: Sequence[Erasure]) -> None:
        """Redact what the quarantine keeps of these elements."""


class Retaining(Protocol):
    """What ends the time that personal data are kept."""

    def begin(self) -> None:
        """Something is kept from now on."""


class State:
    """The ledger as the fold sees it, and the block that is being folded."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self.store = store
        self.keyring = keyring
        self.books = Books(store)
        self.alert_books = AlertBooks(store)
        self.devices = Devices(store)
        self.conditions = Conditions(store)
        self.ratings = Ratings(store)
        self.session_books = SessionBooks(store)
        self.queues = Queues(store)
        self.erasures = Erasures(store)
        self.erased = self.erasures.pending()  # since the roles were last told
        self.copies: Copying
        self.retention: Retaining
        self.emission = Emission()
        self.unknown_fields = 0  # read since the metric was last written
        self.watcher: Watcher
        self.accountant: Accountant
        self.catch_up: Callable[[], None]  # judge what came before, ere this is told
        self._stir = self._stirred  # one for all devices
        self.notifier: Notifier
        self.press_tests: PressTesting
        self.canaries: Ghosts
        self.commander: Commander
        self.furnisher: Furnisher
        self.reset()

    def reset(self) -> None:
        """Read all caches anew: at start, and after a transaction was rolled back."""
        counters = self.books.counters()
        self.block = counters["block"]
        self.generation = counters["generation"]
        self.ordinal = counters["ordinal"]
        self.messages = counters["messages"]
        self.elements_extra = counters["elements_extra"]
        self.before_ms = self.now_ms = counters["now_ms"]
        self.linked = counters["linked"]
        self.inattentive = counters["inattentive"]
        self.attentive_ms = counters["attentive_ms"]
        self.chain_low = counters["chain_low"]
        self.fates: Counter[tuple[str, str]] = Counter(self.books.fates())
        self.next_due = self.books.next_due()
        self.alerts: dict[tuple[str, str], OpenAlert] = {
            (alert.cause, alert.subject): alert for alert in self.alert_books.standing()
        }
        self.alerting = read_alerting(self.books.setting("alerting"))
        self.suspect = CLOCK_SUSPECT in self.alerts
        self.sinks = Sinks(self.queues)
        self.emission.clear()
        # Not the greatest in the table: the last one may have been taken back.
        self.last_session = max(counters["sessions"], self.ratings.last_session())
        self.counting = Counting(FigureCounts(self.store))
        self.arrivals = Arrivals(self.store)
        self.zones = Zones(self.books)
        self.exclusions = Exclusions(self.books)
        self.sealed = SealedMonths(Statements(self.store))
        self._bindings = self.ratings.bindings()
        self._binding_of = {one[1:]: one for one in self._bindings}
        self.settings_digest = self.books.setting("digest") or ""
        self.profiles = read_profiles(self.books.setting("profiles"))
        self._load_devices()
        self.kept_items = self.queues.items()
        self.kept_copies = self.erasures.copies()
        self.terms = KeptTerms(self.session_books)
        self.rulings = Rulings(self.books, self.devices, self.terms)
        self.openings = Openings(self.rulings, self.devices)
        self.daybook = DayBook(DeviceDays(self.store), self.openings)
        self.apply_rules()
        self.store.identities.load()

    def apply_rules(self) -> None:
        """Put rules, calendars and sites in force as the ledger holds them."""
        self.rulings.forget()
        self.rules = self.rulings.default.rules
        self.apply_attribution()
        self.horizon_ms = self.rules.event_age_days_max * DAY_MS
        self._forget_derived()
        self.change_openings()

    def apply_attribution(self) -> None:
        """Take in who served where, as the registry says by now."""
        self.attribution = Attribution(self.devices, self._zone_of)
        self.moved = False  # whether a terminal that bindings name has another site

    def follow_moves(self) -> None:
        """After an act: bindings of terminals that it moved begin by other clocks."""
        if self.moved:
            self.apply_attribution()

    def _zone_of(self, window: str | None, device_id: str) -> tzinfo:
        """The zone that the days of a binding are told in."""
        device = self.by_id.get(device_id)
        own = None if device is None else device.site
        return self.rulings[self.windows.get(window or "", {}).get("site") or own].zone

    def apply_profiles(self, profiles: Profiles) -> None:
        """Put profiles in force: whatever is read from now on is read by them."""
        self.profiles = profiles
        self._forget_derived()

    def _forget_derived(self) -> None:
        """Work out anew what rests on rules and profiles."""
        self.entries: dict[str, Entry] = {}  # by topic
        self.moded = self.rulings.modes() != {"implicit"} or self.profiles.moded
        for device in self.by_id.values():
            self.place_device(device)

    def _load_devices(self) -> None:
        self.by_id = {device.device_id: device for device in self.devices.load()}
        self.by_no = {device.no: device for device in self.by_id.values()}
        self.conditions.load(self.by_no)
        self.pending = sum(d.lifecycle == "pending" for d in self.by_id.values())
        self.windows = self.devices.registry("windows")
        self.changed_devices: set[Device] = set()
        self.active_devices: set[Device] = set()
        self.beating_devices: set[Device] = set()
        self.watched_devices: set[Device] = set()
        self.shifted_devices: list[Device] = []  # of the run that is being folded
        self._standing = Standing()
        for device in self.by_id.values():
            device.stir = self._stir

    def session_mode(self, device: Device, site: str | None) -> str:
        """How sessions of a terminal's ratings begin: its profile may say."""
        own = self.profiles.session_mode(device.profile)
        return own or self.rulings[site].rules.session_mode

    def scores_of(self, scale: str, site: str | None) -> list[float]:
        """What the levels 0 to 5 count for on a scale, at a site."""
        return self.profiles.scored(scale, self.rulings[site].scores)

    def place_device(self, device: Device) -> None:
        """Work out what follows from a device's window and profile."""
        window = self.windows.get(device.window or "", {})
        device.department = window.get("department")
        bucket = self.profiles.bucket(device.profile)
        device.burst, device.refill_per_ms, device.deferred_max = bucket
        scale = self.profiles.scale(device.profile)
        device.scores = self.scores_of(scale, device.site)
        device.binding = None
        device.forget_hours()
        self._standing.place(device)

    def add_device(self, device_id: str, lifecycle: str) -> Device:
        """A device never seen; its bucket is full."""
        device = Device(len(self.by_no) + 1, device_id, lifecycle)
        device.tokens = BUCKET_ELEMENTS
        device.refilled_ms = self.now_ms
        device.facts.first_seen_ms = self.now_ms
        device.stir = self._stir
        self.by_id[device_id] = device
        self.by_no[device.no] = device
        self.place_device(device)
        self.pending += lifecycle == "pending"
        self.devices.save([device])  # at once: ratings are read together with it
        self.active_devices.add(device)
        return device

    def change_openings(self) -> None:
        """Hours, closures or the calendar changed: devices are expected otherwise."""
        self.openings.forget()
        for device in self.by_id.values():
            device.forget_hours()

    def at_site(self, site: str) -> Sequence[Device]:
        """The devices that stand at a site, in the order of their numbers."""
        return self._standing.at_site(site, self.by_no)

    def at_window(self, window: str) -> Sequence[Device]:
        """Those that stand at a window by now, unless bindings say else."""
        return self._standing.at_window(window, self.by_no)

    def _stirred(self, device: Device, at_ms: int) -> None:
        self.watcher.lived(device, at_ms)

    def bind(
        self,
        site: str | None,
        department: str | None,
        window: str | None,
        medium: str,
        scale: str = FULL_SCALE,
    ) -> Binding:
        """The binding of these dimensions, made when they come up first."""
        key = (site, department, window, scale, medium, self.rules.employee_tag)
        found = self._binding_of.get(key)
        if found is None:
            found = Binding(len(self._bindings) + 1, *key)
            self._bindings.append(found)
            self._binding_of[key] = found
            self.ratings.add_binding(found)
        return found

    def binding(self, number: int) -> Binding:
        """The binding with this number: numbers are given without a gap."""
        return self._bindings[number - 1]

    def touch(self, device: Device) -> None:
        """Refill a device's bucket, at most once a block."""
        now_ms = self.now_ms
        burst = device.burst
        tokens = device.tokens + (now_ms - device.refilled_ms) * device.refill_per_ms
        device.tokens = tokens if tokens < burst else burst  # noqa: FURB136 -- min() costs twice as much
        device.refilled_ms = now_ms
        device.block = self.block
        self.active_devices.add(device)

    def begin_block(
        self, number: int, generation: int, now_ms: int, flags: int, key_id: int
    ) -> None:
        """Move to the next block: its number, and its time as the rules' now."""
        self.key_id = key_id
        self.block = number
        self.generation = generation
        self.before_ms, self.now_ms = self.now_ms, now_ms
        self.suspect = bool(flags & HeaderFlag.CLOCK_SUSPECT)
        self.store.identities.turn(now_ms, self.horizon_ms, expire=not self.suspect)

    def keyed_digest(self, data: bytes) -> bytes:
        """By the key of the present block; of one that is lost, nothing is told."""
        ring = self.keyring
        return ring.digest(self.key_id, data) if ring.holds(self.key_id) else bytes(32)

    def place(self, index: int) -> int:
        """The packed place of a record of the current block."""
        return Place(self.generation, self.block, index, 0).pack()

    def set_timer(self, due_ms: int, kind: str, subject: str) -> None:
        self.books.set_timer(Timer(due_ms, kind, subject))
        if self.next_due is None or due_ms < self.next_due:
            self.next_due = due_ms

    def set_timers(self, timers: Sequence[Timer]) -> None:
        """As `set_timer`, several at once; at least one."""
        self.books.set_timers(timers)
        due_ms = min(timer.due_ms for timer in timers)
        if self.next_due is None or due_ms < self.next_due:
            self.next_due = due_ms

    def save(self) -> None:
        """Write what is kept in memory: once a transaction, before its commit."""
        self.counting.save(self.rules.time_zone, self.now_ms)
        self.arrivals.save()
        self.daybook.save()
        self.devices.save(sorted(self.changed_devices, key=_number))
        self.devices.save_activity(sorted(self.active_devices, key=_number))
        self.conditions.save(sorted(self.beating_devices, key=_number))
        self.changed_devices.clear()
        self.beating_devices.clear()
        self.conditions.save_presence(sorted(self.watched_devices, key=_number))
        self.watched_devices.clear()
        self.active_devices.clear()
        self.books.save_fates(self.fates)
        self.sinks.save()
        self.books.save_counters(
            {
                "block": self.block,
                "generation": self.generation,
                "ordinal": self.ordinal,
                "sessions": self.last_session,
                "messages": self.messages,
                "elements_extra": self.elements_extra,
                "now_ms": self.now_ms,
                "linked": self.linked,
                "inattentive": self.inattentive,
                "attentive_ms": self.attentive_ms,
                "chain_low": self.chain_low,
            }
        )
