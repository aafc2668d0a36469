"""`python -m simulators terminals`: level A terminals that press and wait.

SIGTERM or SIGINT ends the pressing; receipts are still waited for.
"""

import argparse
import asyncio
import json
import random
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from simulators.population import Plan, device_id, messages
from simulators.terminals.outbox import Outbox
from simulators.terminals.terminal import Place, Terminal

_POLL_S: Final = 0.05


@dataclass
class Report:
    pressed: int = 0
    receipted: int = 0
    rejected: int = 0
    sendings: int = 0
    connections: int = 0
    waiting: int = 0


async def press(
    plan: Plan,
    rate: float,
    terminals: dict[str, Terminal],
    manifest: TextIO,
    ended: asyncio.Event,
) -> int:
    """Press at `rate` over all terminals; returns how many ratings were made."""
    begun_s, pressed = time.monotonic(), 0
    for message in messages(plan):
        expected = message.expected
        assert expected is not None  # the plan has neither junk nor repetitions
        await _until(begun_s + pressed / rate, ended)
        if ended.is_set():
            break
        manifest.write(json.dumps(expected._asdict()) + "\n")
        terminals[expected.device_id].outbox.keep(expected.event_id, message.payload)
        pressed += 1
    return pressed


async def _until(time_s: float, ended: asyncio.Event) -> None:
    """Wait for the time of the monotonic clock or the end, whichever comes first."""
    wait_s = time_s - time.monotonic()
    if wait_s > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), wait_s)


def _end_by_signal() -> asyncio.Event:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    return ended


async def run(asked: argparse.Namespace, manifest: TextIO) -> Report:
    """Press everything, then wait until every event has its receipt."""
    plan = Plan(
        seed=asked.seed,
        messages=asked.n or None,
        devices=asked.devices,
        start_ms=time.time_ns() // 1_000_000,
        step_ms=1000 / asked.rate,
    )
    dice = random.Random(asked.seed)  # noqa: S311 - repeatable, not secret
    terminals = {
        name: Terminal(name, Place(asked.port), Outbox(dice, asked.resend), dice)
        for name in map(device_id, range(plan.devices))
    }
    report, ended = Report(), _end_by_signal()
    async with asyncio.TaskGroup() as owner:
        tasks = [owner.create_task(one.run()) for one in terminals.values()]
        report.pressed = await press(plan, asked.rate, terminals, manifest, ended)
        deadline_s = time.monotonic() + asked.wait
        while any(len(one.outbox) for one in terminals.values()):
            if time.monotonic() > deadline_s:
                break
            await asyncio.sleep(_POLL_S)
        for task in tasks:
            task.cancel()
    for one in terminals.values():
        report.receipted += one.outbox.receipted
        report.rejected += one.outbox.rejected
        report.sendings += one.outbox.sendings
        report.connections += one.connections
        report.waiting += len(one.outbox)
    return report


def main(arguments: Sequence[str]) -> int:
    """Press and wait; the last line of output is the report as JSON."""
    parser = argparse.ArgumentParser(prog="python -m simulators terminals")
    add = parser.add_argument
    add("--port", type=int, required=True, help="of the broker, on the loopback")
    add("--n", type=int, default=1000, help="presses over all; 0: until SIGTERM")
    add("--rate", type=float, default=100.0, help="presses a second over all")
    add("--devices", type=int, default=20)
    add("--seed", type=int, default=1)
    add("--resend", type=float, default=30.0, help="seconds without a receipt")
    add("--wait", type=float, default=60.0, help="seconds for the last receipts")
    add("--manifest", type=Path, required=True)
    asked = parser.parse_args(arguments)
    # A line at a time: whoever started us reads along.
    with asked.manifest.open("w", buffering=1, encoding="utf-8") as manifest:
        report = asyncio.run(run(asked, manifest))
    print(json.dumps(vars(report)), flush=True)  # noqa: T201 - the contract with whoever started us
    return 1 if report.waiting or report.rejected else 0
