"""Sinks that fail: one never delays the other, and what is refused is kept apart."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulators.processes import wait_until
from tests.safety.http import every_item, send_json
from tests.safety.kills import arrivals, start_load
from tests.safety.verdict import damages, percentile
from tests.safety.world import World

RATE = 500
LAG_MS_MAX = 1000
_RECOVERY_S = 60.0
# Of random last digits, four of 4,096 make about one in a thousand.
_REFUSED_POINTS = r'event_id="[^"]*(000|111|222|333)"'
_REFUSED_EVENTS = r"rating\.recorded.*(444|555|666|777):\d+$"


@dataclass
class OutageFindings:
    seconds: int
    backend_lag_ms_max: int | None = None
    backend_lag_ms_p99: int | None = None
    dead_points: int = 0
    dead_events: int = 0
    drained: bool = False
    held: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def run_outage(
    world: World, seconds: int, seed: int, say: Callable[[str], None]
) -> OutageFindings:
    """Some points and events always refused, InfluxDB down a while; then replay."""
    findings = OutageFindings(seconds)
    refuse = {"status": 400, "match": _REFUSED_POINTS}
    _faults(world.points.url, [refuse])
    _faults(world.backend_url, [{"status": 400, "match": _REFUSED_EVENTS}])
    world.start_gateway()
    world.wait_subscribed()
    with start_load(world, seed, RATE) as load:
        world.wait_taken(RATE, _RECOVERY_S)
        say(f"InfluxDB answers 503 for {seconds} s")
        begun_ms = time.time_ns() // 1_000_000
        _faults(world.points.url, [{"status": 503}])
        time.sleep(seconds)
        _judge_lag(findings, world.raw_log, begun_ms)
        say("InfluxDB is back; one point and one event in a thousand are refused")
        _faults(world.points.url, [refuse])
        time.sleep(seconds)
        load.terminate()
        good = json.loads(load.read_line())["good"]
    _judge_dead_letters(findings, world, good)
    _faults(world.points.url, [])
    _faults(world.backend_url, [])
    for sink in ("main", "business"):
        send_json(f"{world.api_url}/deadletters/replay", {"sink": sink})
    findings.drained = world.drain(good)
    findings.held = world.reconcile()
    findings.failures += damages(findings.held)
    return findings


def _faults(url: str, faults: list[dict[str, object]]) -> None:
    send_json(f"{url}/pretend/faults", faults, "PUT")


def _judge_lag(findings: OutageFindings, raw_log: Path, begun_ms: int) -> None:
    lags = [
        taken_ms - oldest_ms
        for taken_ms, oldest_ms, _ in arrivals(raw_log)
        if taken_ms > begun_ms
    ]
    findings.backend_lag_ms_max = max(lags, default=None)
    findings.backend_lag_ms_p99 = percentile(lags, 0.99)
    worst = findings.backend_lag_ms_max
    if worst is None or worst >= LAG_MS_MAX:
        findings.failures.append(f"backend lagged {worst} ms behind")


def _judge_dead_letters(findings: OutageFindings, world: World, good: int) -> None:
    """Exactly what was refused is dead; the rest went on."""
    points, events = _refused(world.manifest)
    expected = {"main": points, "business": events}

    def others_arrived() -> bool:
        time.sleep(0.5)
        points_held, events_taken = world.points.held(), world.taken()
        return points_held >= good - len(points) and events_taken >= good - len(events)

    wait_until(others_arrived, _RECOVERY_S, "everything but the refused")
    for sink, names in expected.items():
        listed = every_item(f"{world.api_url}/deadletters", sink=sink, state="dead")
        dead = [str(item["subject"]) for item in listed]
        if sorted(dead) != sorted(names):
            findings.failures.append(
                f"{sink}: {len(dead)} dead letters, {len(names)} were refused"
            )
    findings.dead_points, findings.dead_events = len(points), len(events)


def _refused(manifest: Path) -> tuple[list[str], list[str]]:
    """The rating ids that the faults refuse: as points, as events."""
    points, events = [], []
    for rating_id in _rating_ids(manifest):
        if re.search(_REFUSED_POINTS, f'event_id="{rating_id}"'):
            points.append(rating_id)
        if re.search(_REFUSED_EVENTS, f"rating.recorded:{rating_id}:1"):
            events.append(rating_id)
    return points, events


def _rating_ids(manifest: Path) -> Iterator[str]:
    with manifest.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            yield f"{line['device_id']}:{line['event_id']}"
