"""`python -m simulators conformance`: a test broker that ends in a verdict."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from device_protocol.topics import is_device_id
from simulators.conformance.clauses import LEVELS, Level
from simulators.conformance.evidence import Evidence
from simulators.conformance.situations import Director, Pace
from simulators.conformance.verdict import Verdict, judge
from simulators.pretend.broker.service import PretendBroker

_OK, _FAILED = 0, 1
_PORT_MAX: Final = 65_535


async def examine(
    broker: PretendBroker,
    evidence: Evidence,
    pace: Pace,
    seconds: float,
    tell: Callable[[str], None],
) -> Verdict:
    """Walk the terminal that connects to `broker` through all situations."""
    broker.broker.witness = evidence
    try:
        async with asyncio.timeout(seconds):
            await Director(broker, evidence, pace, tell).run()
    except TimeoutError:
        tell(f"Time is up after {seconds:.0f} s; the verdict is of what was seen.")
    finally:
        broker.broker.witness = None
    return judge(evidence)


async def run(asked: argparse.Namespace) -> Verdict:
    """Listen, examine the first terminal that connects, conclude."""
    host, port = asked.listen
    pace = Pace(asked.patience, asked.time_factor)
    evidence = Evidence(asked.root, time.monotonic, pace.grace_s, asked.device or "")
    async with PretendBroker(host, port) as broker:
        _tell(f"Test broker at {broker.url}, MQTT 5 and 3.1.1, no password.")
        return await examine(broker, evidence, pace, asked.seconds, _tell)


def main(arguments: Sequence[str]) -> int:
    """Examine one terminal; 0 when it reaches the asked level."""
    asked = _parser().parse_args(arguments)
    try:
        verdict = asyncio.run(run(asked))
    except OSError as error:
        _tell(f"cannot listen on {asked.listen[0]}:{asked.listen[1]}: {error}")
        return _FAILED
    except KeyboardInterrupt:
        _tell("interrupted; no verdict")
        return _FAILED
    body = json.dumps(verdict.body(), ensure_ascii=False, indent=2)
    if asked.report is not None:
        asked.report.write_text(body + "\n", "utf-8")
    print(body if asked.json else "\n".join(verdict.words()))  # noqa: T201 - the outcome
    return _OK if verdict.reaches(asked.level) else _FAILED


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - what to do next


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > _PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _device(text: str) -> str:
    if not is_device_id(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no device_id")
    return text


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evalgate conformance",
        description="Examine one terminal through a test broker. It says what to do "
        "next: connect the terminal, press a key, switch it off.",
    )
    add = parser.add_argument
    add(
        "--listen",
        type=_place,
        default="127.0.0.1:1883",
        metavar="HOST:PORT",
        help="where the terminal is to connect (default 127.0.0.1:1883)",
    )
    add(
        "--device",
        type=_device,
        metavar="ID",
        help="only this device; else the first that connects",
    )
    add("--root", default="evaluators", help="first levels of its topics")
    add(
        "--level",
        type=Level,
        choices=list(LEVELS),
        default=Level.A,
        help="exit 0 when it reaches at least this one (default A)",
    )
    add("--seconds", type=_positive, default=900.0, help="for everything (default 900)")
    add(
        "--patience",
        type=_positive,
        default=60.0,
        help="seconds to wait for a key press",
    )
    add(
        "--time-factor",
        type=_positive,
        default=1.0,
        help="of the protocol's times; 0.01 for a simulated terminal in a hurry",
    )
    add("--json", action="store_true", help="the verdict for programs")
    add("--report", type=Path, metavar="FILE", help="write the verdict as JSON, too")
    return parser
