"""Messages of the channels that are no ratings: heartbeats, session events."""

import json
from typing import Final

from device_protocol.topics import Channel, topic
from simulators.population import rfc3339
from simulators.simulate import presses
from simulators.simulate.book import LOOSE, Event, Verdict
from simulators.simulate.speaker import now_ms
from simulators.simulate.terminal import Terminal

_LOOSE: Final = Verdict(LOOSE)

Message = tuple[str, bytes, Verdict]
"""Topic, payload, and what becomes of it."""


def heartbeat(root: str, terminal: Terminal) -> Message:
    """How a terminal is; its time is what its own clock shows."""
    traits, moment_ms = terminal.traits, now_ms()
    claim_ms = presses.claim(traits.clock, moment_ms, terminal.boot_ms)
    figures = {
        "v": 1,
        "conn_id": terminal.conn_id,
        "occurred_at": rfc3339(claim_ms),
        "uptime_s": (moment_ms - terminal.boot_ms) // 1000,
        "buffer_depth": terminal.owes,
        "power": "mains",
        "rssi_dbm": -60,
        "storage_free_pct": 80,
        "clock_synced": traits.clock is presses.Clock.RIGHT,
        "firmware": "1.0.0",
        "config_revision": terminal.obedience.revision,
    }
    where = topic(root, traits.device_id, Channel.HEARTBEAT)
    return where, json.dumps(figures).encode(), _LOOSE


def session_ended(root: str, event: Event) -> Message:
    """The service that a press rates has just ended."""
    told = {
        "v": 1,
        "event_id": f"ended-{event.event_id}",
        "session_id": event.session_id,
        "action": "ended",
        "employee_id": event.employee_id,
    }
    where = topic(root, event.device_id, Channel.SESSION)
    return where, json.dumps(told).encode(), _LOOSE
