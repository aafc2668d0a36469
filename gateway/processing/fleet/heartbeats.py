"""Heartbeats: a device lives, says how it is, and becomes a point of a time series."""

from typing import Final

from device_protocol.limits import KEYS_MAX
from device_protocol.messages import Heartbeat
from device_protocol.timestamps import FUTURE_TOLERANCE_MS, TimeQuality, local_ms
from fleet.vitals import Vitals, learn
from gateway.events.points import NS_PER_MS
from gateway.ledger.devices import Device
from gateway.ports import HealthPoint, Record, RecordFlag
from gateway.processing.fleet.health import examine
from gateway.processing.state import State

BACKLOG: Final = int(RecordFlag.BACKLOG)  # an enum's & costs a microsecond

_KEYS: Final = [
    "".join(f",key_{key}=%di" for key in range(keys)) for keys in range(KEYS_MAX + 1)
]
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
        claimed_ms = local_ms(message.claimed_local, state.rulings[device.site].zone)
    vitals = device.vitals
    if vitals is None:
        vitals = device.vitals = Vitals()
    before = vitals.key_counts
    learnt = learn(vitals, message, received_ms, claimed_ms, live=live)
    if learnt:
        if vitals.clock.correction_ms != device.correction_ms:
            device.shift_clock(vitals.clock.correction_ms, place)
            state.shifted_devices.append(device)
        state.beating_devices.add(device)
        examine(state, device, vitals)
    at_ms, quality = _placed(state, device, claimed_ms, received_ms, live=live)
    if learnt:
        state.daybook.beat(device, before, message, at_ms)
    state.emission.plot(
        HealthPoint(
            state.ordinal,
            device.device_id,
            device.health_tags(),
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
    """The fields of a point: as sent, and what follows from them.

    A figure that may have a fraction is always a float, so that its series has one
    type. One text, for speed: parts in a list, joined, cost three times as much.
    """
    m, oldest_s, free = message, message.buffer_oldest_s, message.storage_free_pct
    revision = message.config_revision
    offset_ms = claimed_ms - received_ms if claimed_ms is not None and live else None
    text = (
        f'time_quality="{quality}"'
        f"{'' if m.uptime_s is None else f',uptime_s={m.uptime_s}i'}"
        f"{'' if m.last_seq is None else f',last_seq={m.last_seq}i'}"
        f"{'' if m.buffer_depth is None else f',buffer_depth={m.buffer_depth}i'}"
        f"{'' if oldest_s is None else f',buffer_oldest_s={oldest_s}i'}"
        f"{'' if m.battery_pct is None else f',battery_pct={m.battery_pct}'}"
        f"{'' if m.battery_mv is None else f',battery_mv={m.battery_mv}i'}"
        f"{'' if m.rssi_dbm is None else f',rssi_dbm={m.rssi_dbm}'}"
        f"{'' if free is None else f',storage_free_pct={free}'}"
        f"{'' if m.temperature_c is None else f',temperature_c={m.temperature_c}'}"
        f"{'' if m.clock_synced is None else f',clock_synced={m.clock_synced}'}"
        f"{'' if revision is None else f',config_revision={revision}i'}"
        f"{'' if offset_ms is None else f',clock_offset_ms={offset_ms}i'}"
    )
    if counts := m.key_counts:
        text += f",presses={sum(counts)}i{_KEYS[len(counts)] % counts}"
    if m.firmware:
        text += f',firmware="{m.firmware.translate(_ESCAPES)}"'
    if m.power:
        text += f',power="{m.power}"'
    text += f",faults={len(m.faults)}i"
    return f'{text},fault_codes="{",".join(m.faults)}"' if m.faults else text
