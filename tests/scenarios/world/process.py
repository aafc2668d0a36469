"""One process of the world: its loop while it lives, and how it ends."""

import asyncio
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.app.signals import Signals
from gateway.ipc.doorbell import ring
from tests.scenarios.world.loop import ProcessLoop

if TYPE_CHECKING:
    from tests.scenarios.world.processes import Role
    from tests.scenarios.world.world import World


class Process:
    """A role that is started, stopped and killed."""

    def __init__(self, world: "World", name: str, role: "Role") -> None:
        self._world = world
        self._role = role
        self.name = name
        self.loop: ProcessLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._signals: Signals | None = None

    @property
    def ended(self) -> bool:
        return self._main is not None and self._main.done()

    def start(self) -> None:
        self.loop = ProcessLoop(self._world.network)  # type: ignore[abstract]  # what roles use is there
        self._signals = Signals()
        world = self._world
        role = self._role(world.settings, world.directory, self._signals)
        self._main = self.loop.create_task(role)

    def step(self) -> None:
        assert self.loop is not None
        self.loop.run_one()

    def stop(self) -> None:
        """Ask it to end in good order."""
        if self._signals is not None:
            self._signals.stop.set()
            ring(self._world.directory / "run" / f"{self.name}.bell")

    def kill(self) -> None:
        """Leave only what is on the disk and in the network."""
        if self.loop is not None:
            files = self._world.disk.own_files()
            self._world.disk.drop_connections(self.name)
            self.loop.kill()
            for path, content in files.items():
                path.write_bytes(content)
        self.loop = self._main = self._signals = None

    def last_words(self) -> BaseException | None:
        """What ended the role, if it was not asked to end."""
        assert self._main is not None
        if self._main.cancelled():
            return asyncio.CancelledError()
        return innermost(self._main.exception())


def innermost(error: BaseException | None) -> BaseException | None:
    """The first error that a group was made of."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def told(error: BaseException | None) -> str:
    """What it is and where it was raised."""
    if error is None:
        return "in good order"
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = [f"{Path(it.filename).name}:{it.lineno}" for it in frames]
    return f"{error!r} at {' > '.join(places)}"
