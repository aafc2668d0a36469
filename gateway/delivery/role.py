"""The role `deliver`: each sink gets what it is owed, whatever happens to others."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.backoff import Dice
from gateway.clock import Clock
from gateway.delivery.dispatcher import Dispatcher
from gateway.delivery.reporter import Reporter
from gateway.delivery.retention import OwedLimits
from gateway.delivery.runner import Outlet, Surroundings
from gateway.delivery.store import DeliveryStore
from gateway.ipc.doorbell import Doorbell
from gateway.observability.metrics import FIGURES_EVERY_S, DeliverMetrics, write_figures
from gateway.ports import Link, Outbox, Submitter

_LOOK_EVERY_S: Final = 1.0
_STOP_TIMEOUT_S: Final = 5.0


async def run_deliver(  # noqa: PLR0913 -- what `app` composes
    run_dir: Path,
    store: DeliveryStore,
    outbox: Outbox,
    outlets: Sequence[Outlet],
    *,
    submitter: Submitter,
    clock: Clock,
    dice: Dice,
    stop: asyncio.Event,
    links: Sequence[Link] = (),
    limits: OwedLimits | None = None,
) -> None:
    """Deliver until `stop`, then close the sinks; the caller closes the store.

    `links` are connections that sinks publish on: they are run here.
    """
    metrics = DeliverMetrics()
    reporter = Reporter(submitter, clock)
    try:
        async with asyncio.TaskGroup() as group:
            around = Surroundings(
                store,
                metrics,
                group,
                reporter.changed,
                reporter.counted,
                reporter.gave_up,
                reporter.arrived,
                clock,
                dice,
            )
            dispatcher = Dispatcher(outlets, outbox, around, limits)
            for link in links:
                group.create_task(link.run())
            with Doorbell(run_dir / "deliver.bell") as bell:
                working = [
                    group.create_task(_look(dispatcher, bell)),
                    group.create_task(reporter.run()),
                    group.create_task(_figures(dispatcher, metrics, run_dir)),
                ]
                await stop.wait()
                working[0].cancel()
                await dispatcher.stop(_STOP_TIMEOUT_S)
            for link in links:
                link.stop()
            for task in working:
                task.cancel()
    finally:
        for outlet in outlets:
            await outlet.sink.close()


async def _look(dispatcher: Dispatcher, bell: Doorbell) -> None:
    while True:
        if dispatcher.look():
            await asyncio.sleep(0)  # requests and answers go on meanwhile
        else:
            await bell.wait(_LOOK_EVERY_S)


async def _figures(
    dispatcher: Dispatcher, metrics: DeliverMetrics, run_dir: Path
) -> None:
    while True:
        await asyncio.sleep(FIGURES_EVERY_S)
        dispatcher.show()
        with suppress(OSError):  # a full disk costs figures, never events
            write_figures(run_dir / "deliver.prom", metrics.registry)
