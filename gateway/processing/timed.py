"""An element of which is known when it occurred."""

from device_protocol.messages import EventMessage
from gateway.ledger.devices import Device
from gateway.ports import Record

Timed = tuple[int, Device, EventMessage, Record, int, str]
"""Packed place, device, message, record, occurred_ms, time_quality."""
