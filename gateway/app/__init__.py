"""Puts each role together: the only place that names concrete classes."""

import asyncio
import gc
import signal
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from gateway.app.memory import give_back_memory
from gateway.app.paths import Paths
from gateway.app.signals import Signals
from gateway.ipc.doorbell import ring
from gateway.settings import Settings

COLLECT_AFTER: Final = (50_000, 20, 50)


class _RoleModule(Protocol):
    async def run(self, settings: Settings, config: Path, signals: Signals) -> None: ...


def load_role(role: str) -> _RoleModule:
    """Import what the role needs: the others' modules would only take memory."""
    gc.disable()  # nothing that is imported is garbage
    try:
        return cast("_RoleModule", import_module(f"gateway.app.{role}"))
    finally:
        gc.enable()


async def run_role(settings: Settings, config: Path, role: str) -> None:
    """Run one role until SIGTERM or SIGINT; SIGHUP reads `config` again."""
    module = load_role(role)
    # What is imported stays: collecting it again and again costs a tenth of the time.
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    signals = Signals()
    loop = asyncio.get_running_loop()
    bell = Paths(settings).run_dir / f"{role}.bell"

    def stop() -> None:
        signals.stop.set()
        ring(bell)  # a role that waits for its bell looks at once

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, signals.reload.set)
    async with asyncio.TaskGroup() as group:
        giving_back = group.create_task(give_back_memory())
        await module.run(settings, config, signals)
        giving_back.cancel()
