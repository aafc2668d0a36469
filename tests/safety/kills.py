"""Kills under load: carry out a schedule, then count what the sinks hold."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from simulators.processes import Child, NotReadyError, wait_until
from simulators.reconcile import RECORDED
from tests.safety.trials import Kind, Trial
from tests.safety.world import World

_RECOVERY_S = 30.0
_CRASH_S = 20.0
_LOAD_END_S = 90.0
_SETTLE_S = 3.0
_BROKEN_MS = (-100, 300)  # a connection that closed then was broken by that kill
_UNDER_WAY_MS = 100  # what the dead had already sent arrives within this


@dataclass
class Outcome:
    """What one kill met. `in_flight` messages were unacknowledged when it struck."""

    number: int
    kind: str
    target: str
    phase: str
    at_ms: int = 0
    in_flight: int = 0
    redelivered: int = 0
    delivering_ms: int | None = None  # until the backend took anything again
    caught_up_ms: int | None = None  # until it took something pressed after the kill
    note: str = ""


@dataclass
class Findings:
    """What a whole run met, and what the sinks hold after it."""

    outcomes: list[Outcome] = field(default_factory=list)
    foreign_acks: int = 0
    sent: dict[str, Any] = field(default_factory=dict)
    drained: bool = False
    held: dict[str, Any] = field(default_factory=dict)


def run_kills(
    world: World,
    trials: list[Trial],
    seed: int,
    say: Callable[[str], None],
    *,
    restarted: bool = True,
) -> Findings:
    """Put a world under load, kill as scheduled, drain, restart once, reconcile."""
    findings = Findings()
    world.start_gateway()
    world.wait_subscribed()
    with start_load(world, seed, world.rate) as load:
        try:
            world.wait_taken(_healthy_events(world), _RECOVERY_S)
            for trial in trials:
                findings.outcomes.append(carry_out(world, trial))
                say(_line(findings.outcomes[-1]))
        except NotReadyError as error:
            say(f"stopped: {error}")
            findings.outcomes.append(
                Outcome(len(findings.outcomes) + 1, "stuck", "", "", note=str(error))
            )
        load.terminate()
        findings.sent = json.loads(load.read_line())
        load.wait(_LOAD_END_S)
    findings.drained = world.drain(findings.sent["good"])
    if restarted:
        _restart(world)  # which must add nothing
    _judge_wire(findings, world.wire())
    _judge_recovery(findings, world)
    findings.held = world.reconcile()
    return findings


def start_load(world: World, seed: int, rate: int) -> Child:
    """Start `rate` messages a second, repetitions and junk too, until told to end."""
    options = {
        "--port": world.broker.port,
        "--rate": rate,
        "--seed": seed,
        "--resend": 0.02,
        "--junk": 0.001,
        "--manifest": world.manifest,
    }
    words = [str(word) for option in options.items() for word in option]
    return world.program("load", "--births", *words)


def carry_out(world: World, trial: Trial) -> Outcome:
    """Kill once, see to it that the gateway is whole again, wait for delivery.

    Raises:
        NotReadyError: it does not deliver again.

    """
    time.sleep(trial.after_s)  # the moment is the schedule's, not a wait for luck
    outcome = Outcome(trial.number, trial.kind, trial.target, trial.phase)
    outcome.at_ms = _now_ms()
    match trial.kind:
        case Kind.GROUP:
            world.gateway.kill()
            world.start_gateway()
        case Kind.ROLE:
            if not world.gateway.kill_role(trial.target):
                outcome.note = "was not running"
        case Kind.CUT:
            world.cut()
        case Kind.POINT:
            _crash_at_point(world, trial, outcome)
    world.wait_taken(world.taken() + _healthy_events(world), _RECOVERY_S)
    return outcome


def _healthy_events(world: World) -> int:
    """How many are taken after a kill before the next is due: half a second's."""
    return world.rate // 2


def _crash_at_point(world: World, trial: Trial, outcome: Outcome) -> None:
    """Start it so that a role dies at the point; then kill the rest and start anew."""
    world.gateway.kill()
    subscriptions = world.subscriptions
    world.start_gateway(f"{trial.target}:{trial.nth}")
    world.wait_subscribed(subscriptions + 1)
    before = world.gateway.pids()

    def crashed() -> bool:
        now = world.gateway.pids()  # the console may have come since
        return any(now.get(role) != pid for role, pid in before.items())

    try:
        wait_until(crashed, _CRASH_S, f"{trial.target} reached")
    except NotReadyError:
        outcome.note = "point not reached"
    outcome.at_ms = _now_ms()
    world.gateway.kill()
    world.start_gateway()


def _restart(world: World) -> None:
    world.gateway.kill()
    world.start_gateway()
    time.sleep(_SETTLE_S)


def _judge_wire(findings: Findings, wire: list[dict[str, Any]]) -> None:
    """Find what each kill left unacknowledged, and what came again after it."""
    findings.foreign_acks = sum(seen["foreign_acks"] for seen in wire)
    for outcome in findings.outcomes:
        broken = [
            place
            for place, seen in enumerate(wire)
            if _BROKEN_MS[0] <= seen["closed_ms"] - outcome.at_ms <= _BROKEN_MS[1]
        ]
        if not broken:
            continue
        last = max(broken, key=lambda place: wire[place]["unacknowledged"])
        outcome.in_flight = wire[last]["unacknowledged"]
        if last + 1 < len(wire):
            outcome.redelivered = wire[last + 1]["redelivered"]


def _judge_recovery(findings: Findings, world: World) -> None:
    """Find when the backend took events again after each kill."""
    taken = list(arrivals(world.raw_log))
    for outcome in findings.outcomes:
        began_ms = outcome.at_ms
        again = [at_ms for at_ms, *_ in taken if at_ms > began_ms + _UNDER_WAY_MS]
        fresh = [at_ms for at_ms, _, newest_ms in taken if newest_ms >= began_ms]
        if again:
            outcome.delivering_ms = min(again) - began_ms
        if fresh:
            outcome.caught_up_ms = min(fresh) - began_ms


def arrivals(raw_log: Path) -> Iterator[tuple[int, int, int]]:
    """Yield (taken, oldest press, newest press) of requests, in Unix milliseconds."""
    with raw_log.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["status"] // 100 != 2:
                continue
            body = json.loads(line["body"])
            told = body if isinstance(body, list) else [body]
            ratings = [
                datetime.fromisoformat(event["time"]).timestamp()
                for event in told
                if event["type"] == RECORDED
            ]
            if ratings:
                pressed_ms = int(min(ratings) * 1000), int(max(ratings) * 1000)
                yield line["at_ms"], *pressed_ms


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _line(outcome: Outcome) -> str:
    where = f"{outcome.kind} {outcome.target}"
    return f"kill {outcome.number}: {where} ({outcome.phase}) {outcome.note}".rstrip()
