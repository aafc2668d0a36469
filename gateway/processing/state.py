"""What one fold works on: the ledger's tables, and caches of what they hold.

Everything here can be read again from the ledger: nothing but records enters.
"""

from collections import Counter
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from device_protocol.profiles.model import FULL_SCALE
from device_protocol.topics import Channel
from gateway.ledger.books import Books, OpenAlert, Timer
from gateway.ledger.conditions import Conditions
from gateway.ledger.devices import Binding, Device, Devices
from gateway.ledger.queues import Queues
from gateway.ledger.ratings import Ratings
from gateway.ledger.store import Store
from gateway.places import Place
from gateway.ports import HeaderFlag
from gateway.processing.emission import Emission
from gateway.processing.profiles import Profiles, Reader, read_profiles
from gateway.processing.sinks import Sinks
from gateway.ratings.sessions import Policy
from gateway.rules import Rules
from gateway.sealing import Keyring

CLOCK_SUSPECT: Final = ("clock_suspect", "clock")
"""The alert that stands while the journal's time is not believed."""

DAY_MS: Final = 86_400_000
BUCKET_ELEMENTS: Final = 20_000.0
DEFERRED_MAX: Final = 200_000
PENDING_MAX: Final = 10_000
DEVICES_MAX: Final = 200_000

Entry = tuple[Device, Channel, Reader]
"""Who speaks on a topic, on which channel, and what reads its payloads."""

_RULES: Final = msgspec.json.Decoder(Rules)


class State:
    """The ledger as the fold sees it, and the block that is being folded."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self.store = store
        self.keyring = keyring
        self.books = Books(store)
        self.devices = Devices(store)
        self.conditions = Conditions(store)
        self.ratings = Ratings(store)
        self.queues = Queues(store)
        self.emission = Emission()
        self.unknown_fields = 0  # read since the metric was last written
        self.reset()

    def reset(self) -> None:
        """Read all caches anew: at start, and after a transaction was rolled back."""
        counters = self.books.counters()
        self.block = counters["block"]
        self.generation = counters["generation"]
        self.ordinal = counters["ordinal"]
        self.messages = counters["messages"]
        self.elements_extra = counters["elements_extra"]
        self.now_ms = counters["now_ms"]
        self.linked = counters["linked"]
        self.chain_low = counters["chain_low"]
        self.fates: Counter[tuple[str, str]] = Counter(self.books.fates())
        self.next_due = self.books.next_due()
        self.alerts: dict[tuple[str, str], OpenAlert] = {
            (alert.cause, alert.subject): alert for alert in self.books.open_alerts()
        }
        self.suspect = CLOCK_SUSPECT in self.alerts
        self.sinks = Sinks(self.queues)
        self.emission.clear()
        self.last_session = self.ratings.last_session()
        self._bindings = self.ratings.bindings()
        self._binding_of = {one[1:]: one for one in self._bindings}
        self.settings_digest = self.books.setting("digest") or ""
        self.profiles = read_profiles(self.books.setting("profiles"))
        self._load_devices()
        self.kept_items = self.queues.items()
        self._load_rules()
        self.store.identities.load()

    def _load_rules(self) -> None:
        text = self.books.setting("rules")
        self.apply_rules(_RULES.decode(text) if text else Rules())

    def apply_rules(self, rules: Rules) -> None:
        """Put rules in force; figures the hot path needs are worked out once."""
        self.rules = rules
        self.zone = ZoneInfo(rules.time_zone)
        self.horizon_ms = rules.event_age_days_max * DAY_MS
        self.scores = [rules.score_map.get(str(level), 0.0) for level in range(6)]
        self.policy = Policy(
            response_interval_ms=int(rules.response_interval_s * 1000),
            multi_press=rules.multi_press,
            amendments_max=rules.amendments_max,
            amend_window_ms=rules.amend_window_days * DAY_MS,
        )
        self.session_span_ms = DAY_MS * (
            rules.rating_window_days + rules.amend_window_days + 1
        )
        self._forget_derived()

    def apply_profiles(self, profiles: Profiles) -> None:
        """Put profiles in force: whatever is read from now on is read by them."""
        self.profiles = profiles
        self._forget_derived()

    def _forget_derived(self) -> None:
        """Work out anew what rests on rules and profiles."""
        self.entries: dict[str, Entry] = {}  # by topic
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

    def scores_of(self, scale: str) -> list[float]:
        """What the levels 0 to 5 count for on a scale."""
        return self.profiles.scores.get(scale, self.scores)

    def place_device(self, device: Device) -> None:
        """Work out what follows from a device's window and profile."""
        window = self.windows.get(device.window or "", {})
        device.department = window.get("department")
        limits = self.profiles.limits(device.profile)
        device.burst = float(limits.burst_elements)
        device.refill_per_ms = limits.refill_per_s / 1000
        device.deferred_max = limits.deferred_max
        device.scores = self.scores_of(self.profiles.scale(device.profile))
        device.binding = None

    def add_device(self, device_id: str, lifecycle: str) -> Device:
        """A device never seen; its bucket is full."""
        device = Device(len(self.by_no) + 1, device_id, lifecycle)
        device.tokens = BUCKET_ELEMENTS
        device.refilled_ms = self.now_ms
        device.facts["first_seen_ms"] = self.now_ms
        self.by_id[device_id] = device
        self.by_no[device.no] = device
        self.place_device(device)
        self.pending += lifecycle == "pending"
        self.devices.save([device])  # at once: ratings are read together with it
        self.active_devices.add(device)
        return device

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
        self, number: int, generation: int, now_ms: int, flags: int
    ) -> None:
        """Move to the next block: its number, and its time as the rules' now."""
        self.block = number
        self.generation = generation
        self.now_ms = now_ms
        self.suspect = bool(flags & HeaderFlag.CLOCK_SUSPECT)
        self.store.identities.turn(now_ms, self.horizon_ms, expire=not self.suspect)

    def place(self, index: int) -> int:
        """The packed place of a record of the current block."""
        return Place(self.generation, self.block, index, 0).pack()

    def set_timer(self, due_ms: int, kind: str, subject: str) -> None:
        self.books.set_timer(Timer(due_ms, kind, subject))
        if self.next_due is None or due_ms < self.next_due:
            self.next_due = due_ms

    def save(self) -> None:
        """Write what is kept in memory: once a transaction, before its commit."""
        self.devices.save(sorted(self.changed_devices, key=_number))
        self.devices.save_activity(sorted(self.active_devices, key=_number))
        self.conditions.save(sorted(self.beating_devices, key=_number))
        self.changed_devices.clear()
        self.beating_devices.clear()
        self.active_devices.clear()
        self.books.save_fates(self.fates)
        self.sinks.save()
        self.books.save_counters(
            {
                "block": self.block,
                "generation": self.generation,
                "ordinal": self.ordinal,
                "messages": self.messages,
                "elements_extra": self.elements_extra,
                "now_ms": self.now_ms,
                "linked": self.linked,
                "chain_low": self.chain_low,
            }
        )


def _number(device: Device) -> int:
    return device.no
