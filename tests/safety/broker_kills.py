"""The broker killed again and again: terminals that wait for receipts lose nothing."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.safety.verdict import damages
from tests.safety.world import World

_RATE = 150
_DEVICES = 50
_HEALTHY_S = (0.8, 2.0)  # between a start of the broker and its next kill
_DOWN_S = (0.1, 0.5)
_TAIL_S = 5
_SETTLE_S = 3.0
_END_S = 120.0


@dataclass
class BrokerFindings:
    kills: int = 0
    terminals: dict[str, Any] = field(default_factory=dict)
    drained: bool = False
    held: dict[str, Any] = field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        """What broke the promise; empty when nothing did."""
        found = damages(self.held)
        if self.terminals["waiting"] or self.terminals["rejected"]:
            found.append(f"terminals without a receipt: {self.terminals}")
        return found


def run_broker_kills(
    world: World, kills: int, seed: int, say: Callable[[str], None]
) -> BrokerFindings:
    """Kill the broker `kills` times while level A terminals press."""
    findings = BrokerFindings()
    dice = random.Random(seed)
    world.start_gateway()
    world.wait_subscribed()
    seconds = int(kills * (sum(_HEALTHY_S) + sum(_DOWN_S)) / 2) + _TAIL_S
    options = {
        "--port": world.broker.port,
        "--n": _RATE * seconds,
        "--rate": _RATE,
        "--devices": _DEVICES,
        "--seed": seed,
        "--resend": 2,
        "--wait": _END_S,
        "--manifest": world.manifest,
    }
    words = [str(word) for option in options.items() for word in option]
    with world.program("terminals", *words) as terminals:
        for _ in range(kills):
            time.sleep(dice.uniform(*_HEALTHY_S))
            world.broker.kill()
            time.sleep(dice.uniform(*_DOWN_S))
            world.broker.start()
            findings.kills += 1
            say(f"broker kill {findings.kills}")
        findings.terminals = json.loads(terminals.read_line())
    findings.drained = world.drain(findings.terminals["pressed"])
    time.sleep(_SETTLE_S)  # whatever comes twice has come by now
    findings.held = world.reconcile()
    return findings
