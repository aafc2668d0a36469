"""The whole table of bad input through a running gateway, inside good traffic.

Each class's fates were written down before; what a broker never forwards is left
to the receiver's own tests.
"""

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mqtt5 import PublishPacket, QoS

from simulators.population import device_id
from simulators.processes import wait_until
from simulators.publisher import Publisher
from tests.safety.acceptance import FATES
from tests.safety.http import every_item, get_json
from tests.safety.kills import start_load
from tests.safety.verdict import damages
from tests.safety.world import World
from tests.support.bad_input import BadInput, devices, load

RATE = 300
GOOD_DEVICES = 1000
_SETTLED_S = 60.0
_ROOT = "evaluators/v1/"
# Channels that a gateway subscribes to; the rest never reaches it.
_CHANNELS = frozenset({"rating", "presence"})


@dataclass
class BadInputFindings:
    classes: int = 0
    left_out: list[str] = field(default_factory=list)
    expected: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    held: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def known_devices() -> dict[str, str]:
    """The devices of the table, and those of the good traffic."""
    good = {device_id(number): "active" for number in range(GOOD_DEVICES)}
    return {**devices(), **good}


def run_bad_input(
    world: World, seed: int, say: Callable[[str], None]
) -> BadInputFindings:
    """Send the table amid good traffic; compare every fate and every reason."""
    findings = BadInputFindings()
    cases = [case for case in load() if _forwarded(case)]
    findings.classes = len(cases)
    findings.left_out = [case.name for case in load() if not _forwarded(case)]
    world.start_gateway()
    world.wait_subscribed()
    wait_until(lambda: world.gateway.whole, _SETTLED_S, "all roles")
    pids = world.gateway.pids()
    with start_load(world, seed, RATE) as good:
        world.wait_taken(RATE, _SETTLED_S)
        asyncio.run(_publish(world.broker.port, cases))
        world.wait_taken(world.taken() + RATE, _SETTLED_S)
        good.terminate()
        sent = json.loads(good.read_line())
    say(f"{len(cases)} classes sent among {sent['good']} good ratings")
    _judge_fates(findings, world, cases, sent)
    _judge_reasons(findings, world, cases)
    if world.gateway.pids() != pids:
        findings.failures.append(f"roles restarted: {pids}, {world.gateway.pids()}")
    in_flight = sum(seen["unacknowledged"] for seen in world.wire())
    if in_flight:
        findings.failures.append(f"{in_flight} messages were never acknowledged")
    _judge_sinks(findings, world)
    return findings


def _forwarded(case: BadInput) -> bool:
    """Whether a broker would hand it to a subscriber of the uplink channels."""
    below = case.topic.removeprefix(_ROOT).split("/")
    return (
        not case.inject
        and not case.retain
        and case.topic.startswith(_ROOT)
        and len(below) == 2
        and below[1] in _CHANNELS
    )


async def _publish(port: int, cases: list[BadInput]) -> None:
    publisher = await Publisher("bad-input", window_max=1).connect("127.0.0.1", port)
    for number, case in enumerate(cases, 1):
        packet = PublishPacket(
            case.topic, case.payload, qos=QoS.AT_LEAST_ONCE, packet_id=number
        ).write()
        publisher.send(iter([packet]), 1)
        async with asyncio.timeout(30):
            while publisher.acknowledged < number:
                await publisher.progress(1)
    publisher.close()


def _judge_fates(
    findings: BadInputFindings,
    world: World,
    cases: list[BadInput],
    sent: dict[str, int],
) -> None:
    expected = Counter(fate.partition(":")[0] for case in cases for fate in case.fates)
    expected["accepted"] += sent["good"] + sent["births"]
    expected["duplicate"] += sent["resent"]
    expected["quarantined"] += sent["junk"]
    findings.expected = dict(expected)

    def folded() -> bool:
        time.sleep(0.5)
        pipeline = get_json(f"{world.api_url}/pipeline")
        findings.counted = {name: int(pipeline[name]) for name in FATES}
        return int(pipeline["received"]) >= expected.total()

    wait_until(folded, _SETTLED_S, "everything sent is folded")
    if Counter(findings.counted) != expected:
        findings.failures.append(f"fates {findings.counted}, expected {dict(expected)}")


def _judge_reasons(
    findings: BadInputFindings, world: World, cases: list[BadInput]
) -> None:
    """Every quarantined message lies there, under its reason.

    Of an array only the refused elements do; they are counted among the fates.
    """
    items = list(every_item(f"{world.api_url}/quarantine"))
    findings.reasons = dict(Counter(item["reason"] for item in items))
    found: dict[tuple[str, bytes], Counter[str]] = {}
    for item in items:
        payload = base64.b64decode(item["payload_base64"] or "")
        reasons = found.setdefault((item["topic"], payload), Counter())
        reasons[item["reason"]] += item["count"]
    for case in (case for case in cases if b"[" not in case.payload[:8]):
        wanted = Counter(
            reason
            for fate, _, reason in (one.partition(":") for one in case.fates)
            if fate == "quarantined"
        )
        wanted.update("id_conflict" for fate in case.fates if fate == "conflict")
        missing = wanted - found.get((case.topic, case.payload), Counter())
        if missing:
            findings.failures.append(f"{case.name}: not in quarantine: {dict(missing)}")


def _judge_sinks(findings: BadInputFindings, world: World) -> None:
    """Good traffic is whole and alone; the table's own devices stand apart."""
    world.drain(0)
    findings.held = world.reconcile(without=tuple(devices()))
    findings.failures += damages(findings.held)
