"""How presses of ghost terminals arrive, as metrics of the console."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Gauge


class CanaryMetrics:
    """By site and end (the journal, or a sink): as many as sites have a ghost."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._delay_seconds = Gauge(
            "evalgate_canary_delay_seconds",
            "Of the newest press of a site's ghost that arrived at an end",
            ["site", "end"],
            registry=registry,
        )
        self._arrives = Gauge(
            "evalgate_canary_arrives",
            "1 while presses of a site's ghost arrive at an end in time",
            ["site", "end"],
            registry=registry,
        )

    def show(self, ways: Iterable[tuple[str, str, int | None, bool]]) -> None:
        """All of now, each (site, end, delay_ms, in time)."""
        self._delay_seconds.clear()
        self._arrives.clear()
        for site, end, delay_ms, in_time in ways:
            self._arrives.labels(site, end).set(in_time)
            if delay_ms is not None:
                self._delay_seconds.labels(site, end).set(delay_ms / 1000)
