"""Hop 5 for health: each heartbeat and self-test judged by the rules of the fleet."""

from device_protocol.messages import SelfTest
from fleet.findings import Findings, remember
from fleet.health import diagnose, health_of, take_selftest
from fleet.vitals import Vitals
from gateway.ledger.devices import Device
from gateway.processing.alerts import announce, raise_alert, resolve_alert
from gateway.processing.state import State


def examine(state: State, device: Device, vitals: Vitals) -> None:
    """Judge a device by the heartbeat that was just taken in."""
    found = _findings(device)
    serving = state.openings.of(device.site).at(vitals.received_ms).is_open
    remember(found, vitals, device.ratings, serving=serving)
    _judge(state, device, found, vitals)


def take_test(state: State, device: Device, test: SelfTest) -> None:
    """Judge a device by a self-test."""
    found, vitals = _findings(device), device.vitals
    if vitals is None:
        vitals = device.vitals = Vitals()
    capabilities = device.known.capabilities
    keys = capabilities.get("keys")
    count = keys if isinstance(keys, int) else len(vitals.key_counts)
    take_selftest(found, test, count)
    state.beating_devices.add(device)
    _judge(state, device, found, vitals)


def _findings(device: Device) -> Findings:
    if device.findings is None:
        device.findings = Findings()
    return device.findings


def _judge(state: State, device: Device, found: Findings, vitals: Vitals) -> None:
    before = health_of(found)
    changed = diagnose(found, vitals)
    if not changed:
        return
    state.catch_up()
    health = health_of(found)
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
        if reason in found.reasons:
            severity = "critical" if health == "failed" else "warning"
            text = f"{device.device_id}: {reason.text}"
            raise_alert(state, reason.code, device.device_id, severity, text, device)
        else:
            text = f"{device.device_id} is well again"
            resolve_alert(state, reason.code, device.device_id, text)
