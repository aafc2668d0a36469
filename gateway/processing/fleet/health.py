"""Hop 5 for health: each heartbeat and self-test judged by the rules of the fleet."""

from device_protocol.messages import SelfTest
from fleet.findings import HOUR_MS, Findings, forget_habit, remember
from fleet.firmware import is_behind
from fleet.health import OVERDUE, diagnose, health_of, take_selftest
from fleet.vitals import Vitals
from gateway.ledger.devices import Device
from gateway.ledger.ratings import Stored
from gateway.processing.alerting.alerts import announce, raise_alert, resolve_alert
from gateway.processing.state import State


def examine(state: State, device: Device, vitals: Vitals) -> None:
    """Judge a device by the heartbeat that was just taken in."""
    found = _findings(device)
    opening, at_ms = state.openings.of(device.site), vitals.received_ms
    serving = opening.at(at_ms).is_open and opening.is_usual(at_ms)
    remember(found, vitals, device.ratings, serving=serving)
    if state.alerting.firmware_targets or found.behind:
        found.behind = _behind(state, device)
    _judge(state, device, found, vitals)


def move_in(state: State, device: Device) -> None:
    """It stands at another site or window now: its habits were those of the old."""
    if device.findings is not None:
        forget_habit(device.findings, state.now_ms)
        state.beating_devices.add(device)


def owe_work(state: State, device: Device, work: str, *, overdue: bool) -> None:
    """Routine work is, or no longer is, so overdue that it degrades a device."""
    owed = device.findings.overdue if device.findings is not None else ()
    if (work in owed) is overdue:
        return
    found = _findings(device)
    others = {one for one in owed if one != work}
    found.overdue = tuple(sorted({*others, work} if overdue else others))
    vitals = device.vitals
    if vitals is None:
        vitals = device.vitals = Vitals()
    state.beating_devices.add(device)
    _judge(state, device, found, vitals, state.now_ms)


def take_test(state: State, device: Device, test: SelfTest, at_ms: int) -> None:
    """Judge a device by a self-test that it made at `at_ms`."""
    found, vitals = _findings(device), device.vitals
    if vitals is None:
        vitals = device.vitals = Vitals()
    capabilities = device.known.capabilities
    keys = capabilities.get("keys")
    count = keys if isinstance(keys, int) else len(vitals.key_counts)
    take_selftest(found, test, count, at_ms)
    state.beating_devices.add(device)
    _judge(state, device, found, vitals)


def suspect_key(state: State, stored: Stored) -> None:
    """Judge a device by a press that nobody makes: one of its keys is stuck.

    What comes to light an hour later is no news of the device any more.
    """
    device, at_ms = state.by_id[stored.device_id], stored.occurred_ms
    found, vitals = _findings(device), device.vitals
    if at_ms <= max(found.stuck_ms or 0, state.now_ms - HOUR_MS):
        return
    if vitals is None:
        vitals = device.vitals = Vitals()
    found.stuck_ms, found.stuck_key = at_ms, stored.details.get("key")
    state.beating_devices.add(device)
    _judge(state, device, found, vitals, at_ms)


def _findings(device: Device) -> Findings:
    if device.findings is None:
        device.findings = Findings()
    return device.findings


def _behind(state: State, device: Device) -> str:
    """What the firmware of a device is behind of, in words; "" for nothing."""
    known = device.known
    model, firmware = device.facts.model or known.model, known.firmware
    target = state.alerting.firmware_targets.get(model or "")
    if target is None or firmware is None or not is_behind(firmware, target):
        return ""
    return f"{firmware}, the target of {model} is {target}"


def _judge(
    state: State,
    device: Device,
    found: Findings,
    vitals: Vitals,
    at_ms: int | None = None,
) -> None:
    before = health_of(found)
    changed = diagnose(found, vitals, at_ms)
    if not changed:
        return
    state.catch_up()
    health = health_of(found)
    if (health == "failed") is not (before == "failed"):
        state.accountant.follow(device, state.now_ms)
    data = {
        "device_id": device.device_id,
        "site": device.site,
        "window": device.window,
        "health": health,
        "previous": before,
        "reasons": found.reasons,
    }
    announce(state, "device.health_changed", device.device_id, data)
    for reason in changed:
        if reason.code == OVERDUE:
            continue  # each overdue work has an alert of its own
        if reason in found.reasons:
            severity = "critical" if health == "failed" else "warning"
            text = f"{device.device_id}: {reason.text}"
            raise_alert(state, reason.code, device.device_id, severity, text, device)
        else:
            text = f"{device.device_id} is well again"
            resolve_alert(state, reason.code, device.device_id, text)
