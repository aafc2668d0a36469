"""What messages tell about their device: life, presence, and what it can do."""

from device_protocol.messages import Presence
from fleet.presence import Known, is_stale, shared
from fleet.registry import ACCEPTING
from gateway.ledger.devices import Device
from gateway.ports import Record, RecordFlag
from gateway.processing.state import State


def learn_presence(
    state: State, device: Device, message: Presence, record: Record
) -> str | None:
    """Take in a birth, will or goodbye; answers the rule that ignores it, if any."""
    if is_stale(device.known, message.state, message.conn_id):
        return "presence_stale"
    retained = bool(record.flags & RecordFlag.RETAINED)
    known = device.known
    if message.state == "online":
        known = Known(
            conn_id=message.conn_id,
            boot_id=message.boot_id,
            boot_count=message.boot_count,
            reset_reason=message.reset_reason,
            model=message.model,
            hw_serial=message.hw_serial,
            firmware=message.firmware,
            config_revision=message.config_revision,
            capabilities=shared(message.capabilities),
            buffer_depth=message.buffer_depth,
        )
        if message.model and not device.facts.model:
            device.facts.model = message.model
    known.state, known.reason = message.state, message.reason
    known.received_ms, known.retained = record.received_ms, retained
    device.known = known
    device.receipts = known.receipts
    state.changed_devices.add(device)
    proves_life = not retained and message.state == "online"
    if device.lifecycle in ACCEPTING:  # a held device's proves nothing
        if proves_life:
            device.saw(record.received_ms)
            state.active_devices.add(device)
            state.watcher.booted(device, message.boot_id, record.received_ms)
            state.commander.born(device)
            state.furnisher.born(device)
        elif message.state == "offline":
            state.watcher.gone(device, record.received_ms)
    return None
