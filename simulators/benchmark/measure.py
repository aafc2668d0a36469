"""One measured run: fresh broker, fresh sink, fresh consumer, packets ready."""

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulators.benchmark.consumers import Consumer
from simulators.benchmark.figures import Run, count_received
from simulators.benchmark.stages import Spent, by_stage
from simulators.processes import Child, NotReadyError, wait_until
from simulators.services import Mosquitto

SUBSCRIPTION: Final = "evaluators/v1/+/rating"
_SUBSCRIBED_S: Final = 60.0
_QUIET_S: Final = 30.0
_QUIET_WINDOW_S: Final = 0.4
_QUIET_CPU_S: Final = 0.03  # CPU seconds in a window: not working
_SLOWEST_PER_S: Final = 1500  # a consumer slower than this is given up
_PATIENCE_S: Final = 30.0
_HTTP_S: Final = 5.0
_HELD_EVERY_S: Final = 0.5  # the sink itself keeps the time of the last message

MakeConsumer = Callable[[Path, int, str], Consumer]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one run sends: `rate` None is full speed."""

    messages: int = 200_000
    devices: int = 1000
    seed: int = 1
    rate: float | None = None
    persistence: bool = False
    idle_s: float = 0.0


def measure(make: MakeConsumer, order: Order, directory: Path) -> Run:
    """Make one run in an empty directory.

    Raises:
        NotReadyError: a service did not start, or the consumer did not subscribe.

    """
    with ExitStack() as running:
        broker = running.enter_context(
            Mosquitto(directory / "broker", persistence=order.persistence)
        )
        spool = directory / "spool"
        sink = running.enter_context(_program(directory, "sink", "--spool", str(spool)))
        sink_url = json.loads(sink.read_line())["url"]
        load = running.enter_context(_load(directory, broker, order))
        load.read_line()
        consumer = make(directory / "consumer", broker.port, sink_url)
        running.callback(consumer.stop)
        run = _drive(consumer, broker, sink_url, load, order)
        consumer.stop()
        sink.stop()
        count_received(run, spool, directory / "sent")
    return run


def _program(directory: Path, name: str, *options: str) -> Child:
    command = [sys.executable, "-m", "simulators", name, *options]
    return Child(command, directory / f"{name}.log", piped=True)


def _load(directory: Path, broker: Mosquitto, order: Order) -> Child:
    options = {
        "--port": broker.port,
        "--n": order.messages,
        "--devices": order.devices,
        "--seed": order.seed,
    }
    if order.rate:
        options["--rate"] = int(order.rate)
    words = [str(word) for option in options.items() for word in option]
    sent = ["--sent", str(directory / "sent")] if order.rate else []
    return _program(directory, "load", "--births", "--hold", *words, *sent)


def _drive(
    consumer: Consumer, broker: Mosquitto, sink_url: str, load: Child, order: Order
) -> Run:
    """Start the consumer, let the load go, wait for both sinks, take the figures."""
    consumer.start()
    wait_until(
        _alive(
            consumer, lambda: consumer.whole and broker.subscribed(SUBSCRIPTION) > 0
        ),
        _SUBSCRIBED_S,
        f"{consumer.name} subscribed",
    )
    _wait_quiet(consumer)
    run = Run(consumer.name, order.messages)
    before, pids = consumer.cpu_s(), consumer.pids()
    sampled = consumer.samples()
    load.write_line("go")
    patience_s = _PATIENCE_S + order.messages / (order.rate or _SLOWEST_PER_S)
    try:
        wait_until(
            _alive(consumer, lambda: _held(sink_url) >= order.messages),
            patience_s,
            "both sinks hold all",
        )
    except NotReadyError as error:
        run.void = str(error)
    _wait_quiet(consumer)  # receipts and other work that the messages caused
    _take_costs(run, consumer, before)
    _take_rate(run, json.loads(load.read_line()), _get(sink_url))
    _take_stages(run, sampled, consumer.samples())
    if order.idle_s:
        _idle(run, consumer, order.idle_s)
    if consumer.pids() != pids:
        run.void = f"processes died: {pids}, then {consumer.pids()}"
    return run


def _alive(consumer: Consumer, done: Callable[[], bool]) -> Callable[[], bool]:
    def check() -> bool:
        if consumer.failure is not None:
            raise NotReadyError(f"{consumer.name} ended: {consumer.failure}")
        return done()

    return check


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=_HTTP_S) as answer:  # noqa: S310 - our own sink or gateway
        found: dict[str, Any] = json.load(answer)
    return found


def _held(sink_url: str) -> int:
    """How many messages both sinks have, asked gently."""
    time.sleep(_HELD_EVERY_S)
    tally = _get(sink_url)
    return min(int(tally["points"]), int(tally["events"]))


def _wait_quiet(consumer: Consumer) -> None:
    """Wait until the consumer has nothing left to do, or is never quiet."""
    end = time.monotonic() + _QUIET_S
    while time.monotonic() < end:
        before = sum(consumer.cpu_s().values())
        time.sleep(_QUIET_WINDOW_S)
        if sum(consumer.cpu_s().values()) - before <= _QUIET_CPU_S:
            return


def _idle(run: Run, consumer: Consumer, seconds: float) -> None:
    """Measure a consumer that has nothing to do."""
    before_s, before_bytes = sum(consumer.cpu_s().values()), _journal_bytes(consumer)
    time.sleep(seconds)
    run.idle_cpu_share = (sum(consumer.cpu_s().values()) - before_s) / seconds
    after_bytes = _journal_bytes(consumer)
    if before_bytes is not None and after_bytes is not None:
        grown_mib = (after_bytes - before_bytes) / 2**20
        run.idle_journal_mib_a_day = round(grown_mib / seconds * 86400, 3)


def _journal_bytes(consumer: Consumer) -> int | None:
    url = consumer.console_url()
    return int(_get(f"{url}/api/v1/pipeline")["journal"]["bytes"]) if url else None


def _take_costs(run: Run, consumer: Consumer, before: dict[str, float]) -> None:
    for role, spent_s in consumer.cpu_s().items():
        cost_us = (spent_s - before.get(role, 0.0)) / run.messages * 1e6
        run.cpu_us_by_role[role] = round(cost_us, 2)
    run.cpu_us = round(sum(run.cpu_us_by_role.values()), 2)
    run.rss_mb_by_role = {
        role: round(size, 1) for role, size in consumer.rss_mb().items()
    }


def _take_stages(
    run: Run, before: Mapping[str, Spent], after: Mapping[str, Spent]
) -> None:
    for role, spent in after.items():
        stages = by_stage(role, before.get(role, {}), spent)
        run.stages[role] = {
            name: round(cost_s / run.messages * 1e6, 2)
            for name, cost_s in stages.items()
        }


def _take_rate(run: Run, sent: dict[str, Any], tally: dict[str, Any]) -> None:
    """Wall time: from the first publish until the later sink held the last one."""
    last_ns = max(int(tally["last_point_ns"]), int(tally["last_event_ns"]))
    took_s = (last_ns - sent["first_ns"]) / 1e9
    run.messages_per_s = round(run.messages / took_s, 1) if took_s > 0 else 0.0
    sending_s = (sent["last_ns"] - sent["first_ns"]) / 1e9
    run.sent_per_s = round(run.messages / sending_s, 1)
    if sent["refused"]:
        run.void = f"the broker refused messages: {sent['refused']}"
    if tally["spool_full"]:
        run.void = "the sink's spool is full"
