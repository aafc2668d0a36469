"""Heartbeats: a device lives, says how it is, and becomes a point of a time series."""

from typing import Final

from device_protocol.messages import Heartbeat
from device_protocol.timestamps import FUTURE_TOLERANCE_MS, TimeQuality, local_ms
from fleet.vitals import Vitals, learn
from gateway.events.points import NS_PER_MS, health_tags
from gateway.ledger.devices import Device
from gateway.ports import HealthPoint, Record, RecordFlag
from gateway.processing.health import examine
from gateway.processing.state import State

BACKLOG: Final = int(RecordFlag.BACKLOG)  # an enum's & costs a microsecond

# The name of a figure and what follows its number in line protocol: a figure that may
# have a fraction is always a float, so that its series has one type.
_FIGURES: Final = (
    ("uptime_s", "i"),
    ("last_seq", "i"),
    ("buffer_depth", "i"),
    ("buffer_oldest_s", "i"),
    ("battery_pct", ""),
    ("battery_mv", "i"),
    ("rssi_dbm", ""),
    ("storage_free_pct", ""),
    ("temperature_c", ""),
    ("clock_synced", ""),
    ("config_revision", "i"),
)
_ESCAPES: Final = str.maketrans({'"': r"\"", "\\": "\\\\", "\n": r"\n"})


def beat(
    state: State, device: Device, message: Heartbeat, record: Record, place: int
) -> None:
    """Take in a heartbeat; one of a training or a test tells of life, too."""
    received_ms = record.received_ms
    live = not record.flags & BACKLOG
    if live:
        state.watcher.booted(device, message.boot_id, received_ms)
    if message.firmware and message.firmware != device.known.firmware:
        device.known.firmware = message.firmware
        state.changed_devices.add(device)
    claimed_ms = message.claimed_ms
    if message.claimed_local is not None:
        claimed_ms = local_ms(message.claimed_local, state.zone)
    vitals = device.vitals
    if vitals is None:
        vitals = device.vitals = Vitals()
    if learn(vitals, message, received_ms, claimed_ms, live=live):
        if vitals.clock.correction_ms != device.correction_ms:
            device.shift_clock(vitals.clock.correction_ms, place)
            state.shifted_devices.append(device)
        state.beating_devices.add(device)
        examine(state, device, vitals)
    at_ms, quality = _placed(state, device, claimed_ms, received_ms, live=live)
    state.emission.plot(
        HealthPoint(
            state.ordinal,
            device.device_id,
            health_tags(
                device.site, device.window, device.device_id, device.facts.get("model")
            ),
            _fields(message, claimed_ms, received_ms, quality, live=live),
            at_ms * NS_PER_MS,
        )
    )


def _placed(
    state: State,
    device: Device,
    claimed_ms: int | None,
    received_ms: int,
    *,
    live: bool,
) -> tuple[int, str]:
    """When a heartbeat was sent: as claimed if that can be, else when it came.

    A live one cannot be older than a clock may be off; so a heartbeat delivered twice
    is one point.
    """
    if claimed_ms is not None:
        at_ms = claimed_ms + device.correction_ms
        age_ms_max = FUTURE_TOLERANCE_MS if live else state.horizon_ms
        if received_ms - age_ms_max <= at_ms <= received_ms + FUTURE_TOLERANCE_MS:
            if device.correction_ms:
                return at_ms, TimeQuality.ZONE_CORRECTED.value
            return at_ms, TimeQuality.DEVICE.value
    return received_ms, TimeQuality.GATEWAY.value


def _fields(
    message: Heartbeat,
    claimed_ms: int | None,
    received_ms: int,
    quality: str,
    *,
    live: bool,
) -> str:
    """The fields of a point: as sent, and what follows from them."""
    parts = [f'time_quality="{quality}"']
    for name, suffix in _FIGURES:
        value = getattr(message, name)
        if value is not None:
            parts.append(f"{name}={value}{suffix}")
    if claimed_ms is not None and live:
        parts.append(f"clock_offset_ms={claimed_ms - received_ms}i")
    if message.key_counts:
        parts.append(f"presses={sum(message.key_counts)}i")
        parts.extend(f"key_{key}={n}i" for key, n in enumerate(message.key_counts))
    if message.firmware:
        parts.append(f'firmware="{message.firmware.translate(_ESCAPES)}"')
    if message.power:
        parts.append(f'power="{message.power}"')
    parts.append(f"faults={len(message.faults)}i")
    if message.faults:
        parts.append(f'fault_codes="{",".join(message.faults)}"')
    return ",".join(parts)
