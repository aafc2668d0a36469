"""What a run showed, and how it is counted from what the sinks received."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from simulators.counting_sink import read_spool

_EVENT_ID: Final = {
    "points": re.compile(rb'event_id="([^"]+)"'),
    "events": re.compile(rb'"event_id": ?"([^"]+)"'),
}


@dataclass
class Run:
    """What one run showed. `void` says why its figures must not be used."""

    consumer: str
    messages: int
    void: str | None = None
    messages_per_s: float = 0.0
    sent_per_s: float = 0.0
    cpu_us: float = 0.0
    cpu_us_by_role: dict[str, float] = field(default_factory=dict)
    rss_mb_by_role: dict[str, float] = field(default_factory=dict)
    idle_cpu_share: float | None = None
    idle_journal_mib_a_day: float | None = None
    points: int = 0
    events: int = 0
    repeated_points: int = 0
    repeated_events: int = 0
    latency_ms: dict[str, float] = field(default_factory=dict)
    stages: dict[str, dict[str, float]] = field(default_factory=dict)


def count_received(run: Run, spool: Path, sent: Path) -> None:
    """Count exactly what the sinks received, and when."""
    arrived: dict[str, dict[bytes, int]] = {"points": {}, "events": {}}
    total = {"points": 0, "events": 0}
    for kind, at_ns, event_id in _received(spool):
        total[kind] += 1
        arrived[kind].setdefault(event_id, at_ns)
    run.points, run.events = len(arrived["points"]), len(arrived["events"])
    run.repeated_points = total["points"] - run.points
    run.repeated_events = total["events"] - run.events
    if min(run.points, run.events) < run.messages:
        run.void = f"sinks hold {run.points} points, {run.events} events"
    if sent.exists():
        run.latency_ms = _latency_ms(sent, arrived["events"])


def _received(spool: Path) -> Iterator[tuple[str, int, bytes]]:
    for kind, at_ns, body in read_spool(spool):
        for event_id in set(_EVENT_ID[kind].findall(body)):
            yield kind, at_ns, event_id


def _latency_ms(sent: Path, arrived: dict[bytes, int]) -> dict[str, float]:
    """From the press to the backend, of every rating that arrived."""
    waits: list[float] = []
    for line in sent.read_bytes().splitlines():
        event_id, pressed_ns = line.split()
        if event_id in arrived:
            waits.append((arrived[event_id] - int(pressed_ns)) / 1e6)
    waits.sort()
    if not waits:
        return {}
    at = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    last = len(waits) - 1
    return {name: round(waits[int(share * last)], 2) for name, share in at.items()}
