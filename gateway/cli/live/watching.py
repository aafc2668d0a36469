"""Look after look at one gateway: what was last known, how fast, what has changed."""

from collections.abc import Callable

from gateway.cli.api import Api
from gateway.cli.live.figures import Picture, Process, Rates
from gateway.cli.live.happenings import Happenings
from gateway.cli.live.rates import RateWindow
from gateway.cli.live.reading import Reading, read
from gateway.clock import Clock


class Watch:
    """Remembers between looks; one API, one clock.

    `processes` tells who runs; without it, the API does.
    """

    def __init__(
        self,
        api: Api,
        clock: Clock,
        title: str,
        processes: Callable[[], tuple[Process, ...]] | None = None,
    ) -> None:
        self._api = api
        self._clock = clock
        self._title = title
        self._processes = processes
        self._window = RateWindow()
        self._since_ms = clock.monotonic_ms()
        self._last = Reading()
        self.happenings = Happenings()

    def look(self) -> Picture:
        """Read once; while the console is silent the figures stay as they were."""
        fresh, last = read(self._api), self._last
        if self._processes is not None:
            fresh = fresh._replace(processes=self._processes())
        rates = self._rates(fresh)
        self._last = known = fresh._replace(
            intake=fresh.intake or last.intake,
            pipeline=fresh.pipeline or last.pipeline,
            processes=fresh.processes or last.processes,
        )
        wall_ms = self._clock.wall_ms()
        self.happenings.compare_processes(wall_ms, fresh.processes)
        self.happenings.compare_sinks(wall_ms, fresh.pipeline)
        return Picture(
            title=self._title,
            at_ms=wall_ms,
            elapsed_s=(self._clock.monotonic_ms() - self._since_ms) / 1000,
            ready=known.ready,
            trouble=known.trouble,
            intake=known.intake,
            pipeline=known.pipeline,
            processes=known.processes,
            rates=rates,
            happenings=tuple(self.happenings.newest),
        )

    def glance(self) -> tuple[Process, ...]:
        """Who runs now, between two looks; nobody is asked but the kernel."""
        processes = self._processes() if self._processes is not None else ()
        self.happenings.compare_processes(self._clock.wall_ms(), processes)
        return processes

    def _rates(self, fresh: Reading) -> Rates:
        if fresh.pipeline is None:
            return Rates()
        now_ms = self._clock.monotonic_ms()
        return self._window.add(now_ms, fresh.intake, fresh.pipeline, fresh.processes)
