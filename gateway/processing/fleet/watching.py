"""Hop 5 for presence: who speaks, who is missed, and since when.

A device is looked at when it speaks after a while, and at one timer of its own: what
became of its silence is worked out then, each step at the moment when it was due. So
it does not matter how messages come together in blocks.
"""

from typing import Final

from fleet.alerts import TWINS_CALM_MS
from fleet.registry import Lifecycle, is_reserved
from fleet.watching import (
    STALE_HEARTBEATS,
    Habits,
    Presence,
    Sign,
    calm_ms,
    habits_of,
    meet_boot,
    move,
    next_sign,
)
from gateway.ledger.books import Timer
from gateway.ledger.devices import NEVER_ASKED_MS, Device
from gateway.processing.alerting.alerts import announce, raise_alert, resolve_alert
from gateway.processing.alerting.muting import MAINTENANCE_MS_MAX
from gateway.processing.fleet.absences import Absences
from gateway.processing.state import State

LOOK: Final = "presence"
"""The kind of timer that looks at a device."""

MAINTENANCE: Final = "maintenance"
"""The kind of timer that ends the maintenance of a device that was forgotten in it."""

TWINS: Final = "twins"
"""The kind of timer that asks whether two devices still share an identity."""

_STEPS_MAX: Final = 64
_OUT: Final = frozenset({Presence.MAINTENANCE.value, Presence.RETIRED.value})
_SUSPENDED_LOOK_MS: Final = 60_000
_SIGNS: Final = {
    Lifecycle.MAINTENANCE.value: Sign.MAINTAINED,
    Lifecycle.RETIRED.value: Sign.RETIRED,
    Lifecycle.ACTIVE.value: Sign.BACK,
}


class Watching:
    """Follows the presence of every device."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._due: dict[str, None] = {}
        self.absences = Absences(state)

    def lived(self, device: Device, at_ms: int) -> None:
        """It speaks after a while, or first; its last sign of life is still the old."""
        if is_reserved(device.device_id):
            device.patience_ms = NEVER_ASKED_MS
            return
        habits = self._habits(device)
        patience_ms = STALE_HEARTBEATS * habits.interval_ms
        silence_ms = at_ms - (device.last_seen_ms or 0)
        # After a start patience is worked out anew, which must not be seen.
        if device.watch.state != Presence.ONLINE or silence_ms >= patience_ms:
            self._state.catch_up()
            self._advance(device, habits, at_ms)
            self._follow(device, Sign.LIFE, at_ms)
        device.last_seen_ms = at_ms
        online = device.watch.state == Presence.ONLINE
        device.patience_ms = patience_ms if online else -1
        self._arm(device, habits, at_ms)

    def gone(self, device: Device, at_ms: int) -> None:
        """Its current connection ended, by its will or its goodbye."""
        habits = self._habits(device)
        self._advance(device, habits, at_ms)
        is_open = habits.by_day or habits.opening.at(at_ms).is_open
        self._follow(device, Sign.WILL if is_open else Sign.REST, at_ms)
        device.patience_ms = -1
        self._arm(device, habits, at_ms)

    def moved(self, device: Device) -> None:
        """Its lifecycle changed."""
        sign, now_ms = _SIGNS.get(device.lifecycle), self._state.now_ms
        if sign is not None and self._follow(device, sign, now_ms):
            device.patience_ms = -1
            self._arm(device, self._habits(device), now_ms)
        self._state.accountant.follow(device, now_ms)

    def booted(self, device: Device, boot_id: str | None, at_ms: int) -> None:
        """A live message told which boot speaks."""
        watch = device.watch
        if boot_id is None or (watch.boots and watch.boots[-1] == boot_id):
            return
        self._state.catch_up()
        self._state.watched_devices.add(device)
        if meet_boot(watch, boot_id, at_ms, self._habits(device).interval_ms):
            text = (
                f"two devices seem to speak as {device.device_id}: give one another id"
            )
            data = {"device_id": device.device_id, "boots": watch.boots, "text": text}
            announce(
                self._state,
                "device.identity_alert",
                device.device_id,
                data,
                at_ms=at_ms,
            )
            raise_alert(
                self._state,
                "duplicate_identity",
                device.device_id,
                "critical",
                text,
                device,
            )
            self._state.set_timer(
                self._twins_calm_ms(device, at_ms), TWINS, device.device_id
            )

    def calm_twins(self, device_id: str) -> None:
        """Whether one of two devices under an id was silent for long enough."""
        device, state = self._state.by_id[device_id], self._state
        watch = device.watch
        if not watch.twins:
            return
        calm_ms = self._twins_calm_ms(device, watch.returns[-1])
        if calm_ms > state.now_ms:
            state.set_timer(calm_ms, TWINS, device_id)
            return
        self.part_twins(device)
        text = f"{device_id}: only one device spoke under this id for a working day"
        resolve_alert(state, "duplicate_identity", device_id, text)

    def _twins_calm_ms(self, device: Device, returned_ms: int) -> int:
        """The end of a day of service without them: days of rest prove nothing."""
        close_ms = self._habits(device).opening.close_of_day(returned_ms, 1)
        return max(returned_ms + TWINS_CALM_MS, close_ms)

    def part_twins(self, device: Device) -> None:
        """There is one device again: boots met before prove nothing."""
        watch = device.watch
        watch.twins, watch.returns, watch.boots = False, (), watch.boots[-1:]
        self._state.watched_devices.add(device)

    def look(self, device_id: str) -> None:
        """Its timer is due: looked at when the block has been read."""
        self._due[device_id] = None

    def settle(self) -> None:
        """At the end of a block: look at those whose timers were due."""
        if not self._due:
            return
        state = self._state
        timers = []
        for device_id in self._due:
            device = state.by_id[device_id]
            watch = device.watch
            if watch.timer_ms is not None and watch.timer_ms <= state.now_ms:
                watch.timer_ms = None
                state.watched_devices.add(device)
            habits = self._habits(device)
            self._advance(device, habits, state.now_ms)
            if timer := self._next_look(device, habits, state.now_ms):
                timers.append(timer)
        self._due.clear()
        if timers:
            state.set_timers(timers)

    def _habits(self, device: Device) -> Habits:
        habits = device.habits
        if habits is None:
            interval_s, batch = self._state.profiles.rhythm(device.profile)
            opening = self._state.openings.of(device.site)
            habits = device.habits = habits_of(interval_s * 1000, batch, opening)
        return habits

    def _heard_ms(self, device: Device) -> int:
        """Since when it is silent, as far as we could have heard it."""
        heard_ms = max(device.last_seen_ms or 0, self._state.attentive_ms)
        if device.watch.state == Presence.STANDBY and not device.last_seen_ms:
            heard_ms = max(heard_ms, device.watch.since_ms)
        return heard_ms

    def _advance(self, device: Device, habits: Habits, to_ms: int) -> None:
        """Take every step of its silence that was due by then."""
        if self._state.inattentive or self._state.suspect:
            return
        watch, at_ms = device.watch, 0
        for _ in range(_STEPS_MAX):
            at_ms = max(at_ms, self._heard_ms(device), watch.since_ms)
            calm = calm_ms(watch, habits.interval_ms)
            due = next_sign(watch, habits, self._heard_ms(device), at_ms)
            if calm is not None and calm <= to_ms and not (due and due.at_ms < calm):
                self._calm(device)
                continue
            if due is None or due.at_ms > to_ms:
                return
            if due.sign is not None:
                self._follow(device, due.sign, due.at_ms)
            at_ms = due.at_ms

    def _arm(self, device: Device, habits: Habits, now_ms: int) -> None:
        if timer := self._next_look(device, habits, now_ms):
            self._state.set_timers([timer])

    def _next_look(self, device: Device, habits: Habits, now_ms: int) -> Timer | None:
        """Its one timer: when something can next become of it; None: it runs."""
        watch, state = device.watch, self._state
        due = next_sign(watch, habits, self._heard_ms(device), now_ms)
        moments = [] if due is None else [due.at_ms]
        calm = calm_ms(watch, habits.interval_ms)
        if calm is not None:
            moments.append(calm)
        if not moments:
            return None
        at_ms = max(min(moments), now_ms + 1)
        if state.inattentive or state.suspect:
            at_ms = max(at_ms, now_ms + _SUSPENDED_LOOK_MS)
        if watch.timer_ms is not None and at_ms >= watch.timer_ms:
            return None
        watch.timer_ms = at_ms
        state.watched_devices.add(device)
        return Timer(at_ms, LOOK, device.device_id)

    def _follow(self, device: Device, sign: Sign, at_ms: int) -> bool:
        """Whether the sign changed its state."""
        watch = device.watch
        was_flapping, since_ms = watch.flapping, watch.since_ms
        before = move(watch, sign, at_ms)
        if before is None:
            return False
        device.patience_ms = -1
        self._state.watched_devices.add(device)
        self._state.accountant.follow(device, watch.since_ms)
        self._tell(device, sign, before, since_ms)
        if watch.flapping and not was_flapping:
            text = f"{device.device_id} comes and goes: look at its network and power"
            raise_alert(
                self._state, "flapping", device.device_id, "warning", text, device
            )
        if watch.state == Presence.OFFLINE and not watch.flapping:
            watch.missed = True
            self.absences.begin(device, at_ms)
        elif watch.state in _OUT:
            self._calm(device)
            if watch.state == Presence.MAINTENANCE:
                self._state.set_timer(
                    at_ms + MAINTENANCE_MS_MAX, MAINTENANCE, device.device_id
                )
        return True

    def _tell(self, device: Device, sign: Sign, before: str, since_ms: int) -> None:
        watch = device.watch
        data = {
            "device_id": device.device_id,
            "site": device.site,
            "window": device.window,
            "presence": watch.state,
            "previous": before,
            "why": sign.value,
            "flapping": watch.flapping,
            # What is folded later than it came may be older than the last change.
            "lasted_s": max(watch.since_ms - since_ms, 0) // 1000 if since_ms else None,
        }
        announce(
            self._state,
            "device.presence_changed",
            device.device_id,
            data,
            at_ms=watch.since_ms,
        )

    def _calm(self, device: Device) -> None:
        """What was told of its absence is over."""
        watch, state = device.watch, self._state
        state.watched_devices.add(device)
        if watch.flapping:
            watch.flapping, watch.changes = False, ()
            resolve_alert(
                state, "flapping", device.device_id, "steady for an hour again"
            )
        if watch.missed and watch.state != Presence.OFFLINE:
            watch.missed = False
            self.absences.end(device)
