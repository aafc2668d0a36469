"""A large load once through: exactly one point and one event for each good rating."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulators.processes import wait_until
from tests.safety.http import get_json
from tests.safety.verdict import damages
from tests.safety.world import World

FATES = ("accepted", "duplicate", "conflict", "quarantined", "ignored", "deferred")
_SETTLED_S = 60.0
_RESTARTED_S = 5.0
_VERIFY_S = 600.0


@dataclass
class AcceptanceFindings:
    sent: dict[str, Any] = field(default_factory=dict)
    pipeline: dict[str, Any] = field(default_factory=dict)
    after_restart: dict[str, Any] = field(default_factory=dict)
    verify_status: int | None = None
    verify_output: str = ""
    held: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def run_acceptance(
    world: World, messages: int, seed: int, say: Callable[[str], None]
) -> AcceptanceFindings:
    """Send, drain, account, restart, account again, verify, reconcile."""
    findings = AcceptanceFindings()
    world.start_gateway()
    world.wait_subscribed()
    findings.sent = _send(world, messages, seed)
    say(f"sent: {findings.sent}")
    world.drain(findings.sent["good"])
    findings.pipeline = _account(world, findings, starts=1)
    world.gateway.stop()
    world.start_gateway()
    wait_until(lambda: _answers(world), _SETTLED_S, "gateway answers")
    time.sleep(_RESTARTED_S)
    findings.after_restart = _account(world, findings, starts=2)
    world.gateway.stop()
    _verify(world, findings)
    findings.held = world.reconcile()
    findings.failures += damages(findings.held)
    return findings


def _send(world: World, messages: int, seed: int) -> dict[str, Any]:
    options = {
        "--port": world.broker.port,
        "--n": messages,
        "--seed": seed,
        "--resend": 0.02,
        "--junk": 0.001,
        "--manifest": world.manifest,
    }
    words = [str(word) for option in options.items() for word in option]
    with world.program("load", "--births", *words) as load:
        report: dict[str, Any] = json.loads(load.read_line())
    return report


def _account(world: World, findings: AcceptanceFindings, starts: int) -> dict[str, Any]:
    """Read the gateway's own counts, which must agree with each other and with us.

    A retained presence is read again at each start; a rating never.
    """
    sent = findings.sent
    expected = {
        "accepted": sent["good"] + sent["births"] * starts,
        "duplicate": sent["resent"],
        "quarantined": sent["junk"],
    }

    total = sum(int(count) for count in expected.values())

    def settled() -> bool:
        time.sleep(0.5)
        pipeline = get_json(f"{world.api_url}/pipeline")
        return int(pipeline["received"]) >= total

    wait_until(settled, _SETTLED_S, "everything received is folded")
    pipeline = get_json(f"{world.api_url}/pipeline")
    counted = {name: int(pipeline[name]) for name in FATES}
    if pipeline["received"] != sum(counted.values()):
        findings.failures.append(f"received {pipeline['received']}, fates {counted}")
    told = {name: counted[name] for name in expected}
    if told != expected:
        findings.failures.append(f"fates {told}, sent {expected}")
    return pipeline


def _answers(world: World) -> bool:
    try:
        return "received" in get_json(f"{world.api_url}/pipeline")
    except OSError:
        return False


def _verify(world: World, findings: AcceptanceFindings) -> None:
    config = world.gateway.site.directory / "gateway.toml"
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "verify", "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=_VERIFY_S,
        check=False,
    )
    findings.verify_status = done.returncode
    findings.verify_output = (done.stdout + done.stderr)[-2000:]
    if done.returncode != 0:
        findings.failures.append(f"verify ended with {done.returncode}")
