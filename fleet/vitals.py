"""The latest figures of a terminal, as its heartbeats told them."""

import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from device_protocol.messages import Heartbeat
from fleet.clock import ClockEvidence, observe_clock

COUNTER_MODULUS: Final = 1 << 32
"""Key counters are uint32: they wrap."""

_WRAPPED_ABOVE: Final = COUNTER_MODULUS - (1 << 20)


class Vitals(msgspec.Struct, gc=False, omit_defaults=True):
    """What a terminal measured last; None is what it does not measure.

    `clock_offset_ms` is claimed less received, of the last heartbeat that came live.
    """

    received_ms: int = 0
    claimed_ms: int | None = None
    clock_offset_ms: int | None = None
    clock: ClockEvidence = ClockEvidence()
    uptime_s: int | None = None
    last_seq: int | None = None
    key_counts: tuple[int, ...] = ()
    buffer_depth: int | None = None
    buffer_oldest_s: int | None = None
    battery_pct: float | None = None
    battery_mv: int | None = None
    power: str | None = None
    rssi_dbm: float | None = None
    storage_free_pct: float | None = None
    temperature_c: float | None = None
    clock_synced: bool | None = None
    firmware: str | None = None
    config_revision: int | None = None
    faults: tuple[str, ...] = ()


def learn(
    vitals: Vitals,
    beat: Heartbeat,
    received_ms: int,
    claimed_ms: int | None,
    *,
    live: bool,
) -> bool:
    """Take in a heartbeat; False when a later one is known already.

    `live` is False for one that waited in the broker's queue: it tells nothing of the
    clock. The same heartbeat delivered twice is one witness.
    """
    if received_ms < vitals.received_ms:
        return False
    if live and claimed_ms is not None and claimed_ms != vitals.claimed_ms:
        vitals.clock_offset_ms = claimed_ms - received_ms
        vitals.clock = observe_clock(vitals.clock, vitals.clock_offset_ms)
    vitals.received_ms, vitals.claimed_ms = received_ms, claimed_ms
    vitals.uptime_s = beat.uptime_s
    vitals.last_seq = beat.last_seq
    vitals.key_counts = beat.key_counts or vitals.key_counts
    vitals.buffer_depth = beat.buffer_depth
    vitals.buffer_oldest_s = beat.buffer_oldest_s
    vitals.battery_pct = beat.battery_pct
    vitals.battery_mv = beat.battery_mv
    vitals.power = one_of_few(beat.power)
    vitals.rssi_dbm = beat.rssi_dbm
    vitals.storage_free_pct = beat.storage_free_pct
    vitals.temperature_c = beat.temperature_c
    vitals.clock_synced = beat.clock_synced
    vitals.firmware = one_of_few(beat.firmware) or vitals.firmware
    if beat.config_revision is not None:
        vitals.config_revision = beat.config_revision
    vitals.faults = beat.faults
    return True


def one_of_few(word: str | None) -> str | None:
    """The same text as one object for all terminals that say it."""
    return word if word is None else sys.intern(word)


def presses_between(before: Sequence[int], now: Sequence[int]) -> list[int] | None:
    """How often each key was pressed; None when the counters began anew."""
    if len(before) != len(now):
        return None
    moved = [new - old for old, new in zip(before, now, strict=True)]
    if min(moved, default=0) >= 0:
        return moved
    moved.clear()
    for old, new in zip(before, now, strict=True):
        if new < old < _WRAPPED_ABOVE:
            return None
        moved.append((new - old) % COUNTER_MODULUS)
    return moved
