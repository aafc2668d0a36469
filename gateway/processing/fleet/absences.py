"""Alerts about devices that are away: alone, or a whole site with its likely cause."""

from collections.abc import Sequence
from typing import Final

from fleet.grouping import Absent, likely_cause
from fleet.watching import AWAY, Presence
from gateway.ledger.devices import Device
from gateway.processing.alerting.alerts import alert_group, raise_alert, resolve_alert
from gateway.processing.state import State

JUDGE: Final = "absences"
"""The kind of timer that judges who is missing at a site."""

TOGETHER_MS: Final = 120_000
"""Devices that go within this time go together: their wills come one by one."""

OFFLINE: Final = "offline"
SITE_OFFLINE: Final = "site_offline"


class Absences:
    def __init__(self, state: State) -> None:
        self._state = state

    def begin(self, device: Device, at_ms: int) -> None:
        """A device is missed: its site is judged once others had their time."""
        due_ms = max(at_ms, self._state.now_ms) + TOGETHER_MS
        self._state.set_timer(due_ms, JUDGE, _subject(device))

    def end(self, device: Device) -> None:
        """A device is back, or nobody waits for it any more."""
        text = f"{device.device_id} is {device.watch.state}"
        resolve_alert(self._state, OFFLINE, device.device_id, text)
        site = device.site
        if site is None or (SITE_OFFLINE, site) not in self._state.alerts:
            return
        if not any(self._missed(one) for one in self._state.at_site(site)):
            resolve_alert(self._state, SITE_OFFLINE, site, f"{site} is back")

    def judge(self, subject: str) -> None:
        """The timer of a site, or of a device that stands nowhere."""
        kind, _, name = subject.partition(":")
        if kind == "device":
            self._one(self._state.by_id[name])
            return
        devices = self._state.at_site(name)
        missed = [one for one in devices if self._missed(one)]
        serving = [one for one in devices if one.watch.state in _SERVING]
        if not missed:
            return
        if (SITE_OFFLINE, name) in self._state.alerts:
            self._group(name, missed, serving)
            return
        fresh = [
            one for one in missed if (OFFLINE, one.device_id) not in self._state.alerts
        ]
        if _cause(devices) is None:
            for one in fresh:
                self._one(one)
        elif fresh:
            for one in missed:
                resolve_alert(
                    self._state, OFFLINE, one.device_id, f"part of the alert of {name}"
                )
            self._group(name, missed, serving)

    def _group(self, site: str, missed: list[Device], serving: list[Device]) -> None:
        cause = _cause(serving)
        text = f"{len(missed)} of {len(serving)} devices of {site} are offline"
        if cause is not None:
            text = f"{text}: {cause}"
        alert_group(
            self._state,
            SITE_OFFLINE,
            site,
            "critical",
            text,
            [one.device_id for one in missed],
        )

    def _one(self, device: Device) -> None:
        if not self._missed(device):
            return
        vitals = device.vitals
        battery = None if vitals is None else vitals.battery_pct
        text = f"{device.device_id} is offline"
        if battery is not None and battery <= _FLAT_PCT:
            text = f"{text}: a flat cell ({battery:g} % at last)"
        raise_alert(self._state, OFFLINE, device.device_id, "warning", text, device)

    @staticmethod
    def _missed(device: Device) -> bool:
        return device.watch.missed and device.watch.state == Presence.OFFLINE


_FLAT_PCT: Final = 5
_SERVING: Final = frozenset({"online", "stale", "offline"})


def _subject(device: Device) -> str:
    return f"site:{device.site}" if device.site else f"device:{device.device_id}"


def _absent(device: Device) -> Absent:
    vitals = device.vitals
    return Absent(
        on_mains=None
        if vitals is None or vitals.power is None
        else vitals.power == "mains",
        since_ms=device.watch.since_ms,
    )


def _cause(devices: Sequence[Device]) -> str | None:
    """Those that fall silent count as away: they will be missed in a moment."""
    away = [_absent(one) for one in devices if one.watch.state in AWAY]
    present = [_absent(one) for one in devices if one.watch.state == Presence.ONLINE]
    return likely_cause(away, present)
