"""The cost of each stage: what was sampled, by the names of the data path."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from simulators.benchmark import sampling

VARIABLE: Final = "EVALGATE_SAMPLES"
REST: Final = "rest"

Spent = Mapping[str, float]
"""Seconds of CPU by `module:function`."""

STAGES: Final[Mapping[str, str]] = {
    "gateway.journal": "read",
    "device_protocol": "decode",
    "gateway.processing.admission": "decode",
    "gateway.processing.memory.profiles": "decode",
    "gateway.processing.speakers": "decode",
    "gateway.processing.judging": "identify",
    "gateway.ledger.identities": "identify",
    "gateway.processing.memory.attributing": "place",
    "gateway.processing.ratings.bindings": "place",
    "gateway.processing.memory.openings": "place",
    "gateway.processing.memory.rulings": "place",
    "gateway.processing.memory.zones": "place",
    "gateway.processing.ratings.recording": "rating",
    "gateway.ledger.ratings": "rating",
    "gateway.ledger.ratings:insert_plain_sessions": "session",
    "gateway.ledger.ratings:scopes": "session",
    "gateway.ledger.sessions": "session",
    "gateway.processing.ratings.changing": "session",
    "gateway.processing.ratings.scopes": "session",
    "gateway.processing.ratings.services": "session",
    "gateway.processing.ratings.sessions": "session",
    "gateway.processing.ratings.settling": "session",
    "gateway.ratings": "session",
    "gateway.ledger.books:set_timers": "session",
    "gateway.processing.memory.exclusions": "flags",
    "gateway.processing.ratings.neighbours": "flags",
    "gateway.processing.ratings.suspecting": "flags",
    "gateway.ratings.flags": "flags",
    "gateway.ratings.neighbours": "flags",
    "gateway.ledger.arrivals": "figures",
    "gateway.ledger.counts": "figures",
    "gateway.ledger.sums": "figures",
    "gateway.processing.ratings.contributions": "figures",
    "gateway.processing.memory.counting": "figures",
    "gateway.processing.ratings.activity": "device",
    "gateway.ledger.availability": "device",
    "gateway.processing.memory.daybook": "device",
    "gateway.processing.state:touch": "device",
    "gateway.processing.fleet.watching": "device",
    "gateway.ledger.conditions": "device",
    "gateway.ledger.days": "device",
    "gateway.ledger.devices": "device",
    "gateway.events": "outbox",
    "gateway.ledger.outbox": "outbox",
    "gateway.ledger.packing": "outbox",
    "gateway.ledger.queues": "outbox",
    "gateway.processing.memory.emission": "outbox",
    "gateway.processing.ratings.points": "outbox",
    "gateway.processing.memory.sinks": "outbox",
    "gateway.processing.ratings.telling": "outbox",
    "gateway.ledger.store": "commit",
}
"""Of the role `process`: the longest name that a place begins with decides."""
FOLDING: Final = "process"


def environment(folder: Path) -> dict[str, str]:
    """What makes a process write its samples into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [*sampling.__path__, os.environ.get("PYTHONPATH", "")]
    return {VARIABLE: str(folder), "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def sampled(folder: Path, pid: int) -> Spent:
    """What a process has written so far; nothing when it has not."""
    try:
        found: dict[str, float] = json.loads((folder / f"{pid}.json").read_bytes())
    except FileNotFoundError:
        return {}
    return found


def by_stage(role: str, before: Spent, after: Spent) -> dict[str, float]:
    """Seconds of each stage of a role, the dearest first."""
    spent: dict[str, float] = {}
    for where, until_s in after.items():
        name = stage_of(role, where)
        spent[name] = spent.get(name, 0.0) + until_s - before.get(where, 0.0)
    return dict(sorted(spent.items(), key=lambda one: -one[1]))


def stage_of(role: str, where: str) -> str:
    """The stage of a place; of other roles than `process` the package is one.

    Nothing of ours but the command that began it all runs below the event loop.
    """
    if role != FOLDING:
        names = where.partition(":")[0].removeprefix("gateway.").split(".")
        return {"cli": "event loop", "elsewhere": REST}.get(names[0], names[0])
    while where:
        if where in STAGES:
            return STAGES[where]
        where = where[: max(where.rfind("."), where.rfind(":"), 0)]
    return REST


def table(costs_us: Mapping[str, float], stages: Mapping[str, Spent]) -> list[str]:
    """Lines for people: each role, and below it its stages, in µs a message."""
    lines = []
    for role, whole_us in sorted(costs_us.items(), key=lambda one: -one[1]):
        lines.append(f"{role:24} {whole_us:8.2f} µs")
        shown = dict(stages.get(role, {}))
        shown["not sampled"] = whole_us - sum(shown.values())
        lines += [
            f"    {name:20} {cost:8.2f} µs" for name, cost in shown.items() if cost > 0
        ]
    return lines
