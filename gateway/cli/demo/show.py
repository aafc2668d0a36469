"""The demo from its first process to its last word."""

import signal
import sys
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from gateway.cli.api import Api
from gateway.cli.demo.books import Books
from gateway.cli.demo.commands import commands
from gateway.cli.demo.ending import end
from gateway.cli.demo.hall import Hall
from gateway.cli.demo.hints import hints, pages
from gateway.cli.demo.layout import Layout, lay_out
from gateway.cli.demo.people import People
from gateway.cli.demo.reckoning import Reckoning
from gateway.cli.demo.workspace import workspace
from gateway.cli.exits import Exit
from gateway.cli.live.figures import Happening, Picture
from gateway.cli.live.reading import TIMEOUT_S
from gateway.cli.live.screen import Screen, save_svg
from gateway.cli.live.watching import Watch
from gateway.cli.live.words import clock as time_of_day
from gateway.cli.main import VERBS
from gateway.clock import SystemClock
from gateway.settings import load_settings
from gateway.supervisor.signals import SignalWaiter, signals_caught

_ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GLANCE_MS: Final = 250
_LOOK_MS: Final = 1000
_TOLD_MAX: Final = 12


class EndedError(Exception):
    """Somebody asked for the end."""


def show(
    terminals: int, seconds: float | None, saved: Path | None, *, keep: bool
) -> Exit:
    """Run everything until a signal, or for `seconds`; FAILED when a count differs.

    The last picture goes to `saved`, as SVG.
    """
    with signals_caught(_ENDS) as waiter, workspace(keep=keep) as directory:
        if keep:
            sys.stdout.write(f"data and logs are in {directory}\n")
        demo = Demo(lay_out(directory, terminals), waiter)
        reckoning = demo.run(seconds)
    if reckoning is None:
        sys.stdout.write("ended before anybody had pressed\n")
        return Exit.FAILED
    _tell(demo.happenings, reckoning)
    if saved is not None and demo.last is not None:
        save_svg(demo.last, saved)
    return Exit.OK if reckoning.right else Exit.FAILED


def _tell(happenings: tuple[Happening, ...], reckoning: Reckoning) -> None:
    for one in happenings[-_TOLD_MAX:]:
        sys.stdout.write(f"{time_of_day(one.at_ms)} {one.text}\n")
    for line in reckoning.lines():
        sys.stdout.write(f"{line}\n")


class Demo:
    """One run: start, look again and again, end."""

    def __init__(self, layout: Layout, waiter: SignalWaiter) -> None:
        settings = load_settings(layout.config, {})
        self._layout = layout
        self._waiter = waiter
        self._clock = SystemClock()
        self._api = Api(settings, TIMEOUT_S)
        self._books = Books(layout.events)
        self._people = People(self._api, self._books)
        self._hall = Hall(layout, commands(layout), self._pause)
        self._watch = Watch(
            self._api, self._clock, "evalgate demo", self._hall.processes
        )
        self._example: str | None = None  # to copy: it does not change all the time
        self.last: Picture | None = None

    @property
    def happenings(self) -> tuple[Happening, ...]:
        return tuple(self._watch.happenings.newest)

    def run(self, seconds: float | None) -> Reckoning | None:
        """What came of it; None when the end came before the first press.

        Raises TransientError when something does not start, with its last words.
        """
        try:
            with Screen() as screen:
                try:
                    screen.say("starting broker, sinks, gateway and terminals ...")
                    self._hall.start(self._api)
                    screen.say(f"the console: {pages(self._layout)} in a browser")
                    self._follow(screen, seconds)
                except EndedError:
                    screen.say("ending ...")
                if self.last is None:
                    return None
                return end(self._hall, self._layout, self._api, self._waiter)
        finally:
            self._hall.kill()

    def _pause(self, seconds: float) -> None:
        if self._waiter.wait(round(seconds * 1000)):
            raise EndedError

    def _follow(self, screen: Screen, seconds: float | None) -> None:
        """Look each second; glance at the processes in between."""
        now_ms = self._clock.monotonic_ms()
        look_ms = now_ms
        end_ms = None if seconds is None else now_ms + round(seconds * 1000)
        while end_ms is None or now_ms < end_ms:
            self._hall.keep()
            if self.last is None or now_ms >= look_ms:
                look_ms = max(look_ms + _LOOK_MS, now_ms)
                self.last = self._look()
                screen.show(self.last)
            elif screen.is_live:
                self.last = self._glance(self.last)
                screen.show(self.last)
            else:
                self._watch.glance()
            self._pause(_GLANCE_MS / 1000)
            now_ms = self._clock.monotonic_ms()
        raise EndedError

    def _look(self) -> Picture:
        return self._peopled(self._watch.look(), asking=True)

    def _glance(self, last: Picture) -> Picture:
        """What the kernel knows is fresh, the API's figures are the last ones."""
        processes = self._watch.glance()
        fresh = replace(
            last,
            at_ms=self._clock.wall_ms(),
            processes=processes,
            happenings=self.happenings,
        )
        return self._peopled(fresh, asking=False)

    def _peopled(self, picture: Picture, *, asking: bool) -> Picture:
        floor = self._people.look(asking=asking)
        if self._example is None and floor.presses:
            self._example = floor.presses[0].rating_id
        told = hints(self._layout, picture.processes, self._example, VERBS)
        return replace(picture, hall=floor, hints=told)
