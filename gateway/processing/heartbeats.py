"""Heartbeats: a device lives, and says how it is."""

from device_protocol.messages import Heartbeat
from gateway.ledger.devices import Device
from gateway.ports import Record
from gateway.processing.activity import saw
from gateway.processing.state import State


def beat(state: State, device: Device, message: Heartbeat, record: Record) -> None:
    """Take in a heartbeat; one of a training or a test tells of life, too."""
    saw(state, device, record.received_ms)
    if message.firmware and message.firmware != device.known.firmware:
        device.known.firmware = message.firmware
        state.changed_devices.add(device)
