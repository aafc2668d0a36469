"""The pipeline's figures as metrics, so that the accounting identity can be scraped.

`evalgate_elements_received` equals the sum of `evalgate_elements` over its fates.
"""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway.console.items import Pipeline, Sink
from gateway.console.pipeline import PipelineReader
from gateway.errors import TransientError

FATES: Final = (
    "accepted",
    "duplicate",
    "conflict",
    "quarantined",
    "ignored",
    "deferred",
)


class PipelineFigures(Collector):
    """Reads the stores at each scrape; `evalgate_pipeline_readable` is 0 if it cannot.

    Gauges, though most only grow: replays and approvals move elements between fates.
    """

    def __init__(self, reader: PipelineReader) -> None:
        self._reader = reader

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not read the stores."""
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            pipeline = self._reader.read()
        except TransientError:
            yield _gauge("pipeline_readable", "Whether the stores could be read", 0)
            return
        yield _gauge("pipeline_readable", "Whether the stores could be read", 1)
        yield from _elements(pipeline)
        yield from _sinks(pipeline.sinks)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"evalgate_{name}", text, value=value)


def _elements(pipeline: Pipeline) -> Iterator[Metric]:
    yield _gauge(
        "elements_received", "Elements read, counted by ingress", pipeline.received
    )
    fates = GaugeMetricFamily(
        "evalgate_elements", "Elements by their current fate", labels=["fate"]
    )
    for fate in FATES:
        fates.add_metric([fate], getattr(pipeline, fate))
    yield fates
    yield _gauge("journal_block", "The newest durable block", pipeline.journal.block)
    yield _gauge("journal_bytes", "What the journal takes", pipeline.journal.bytes)
    yield _gauge("processed_block", "The last block folded", pipeline.processed_block)


def _sinks(sinks: list[Sink]) -> Iterator[Metric]:
    events = GaugeMetricFamily(
        "evalgate_sink_events",
        "Events by sink: addressed = delivered + owed + dead",
        labels=["sink", "state"],
    )
    lag = GaugeMetricFamily(
        "evalgate_sink_lag_seconds", "Age of the oldest owed event", labels=["sink"]
    )
    for sink in sinks:
        for state in ("addressed", "delivered", "owed", "dead"):
            events.add_metric([sink.name, state], getattr(sink, state))
        lag.add_metric([sink.name], sink.lag_s)
    yield events
    yield lag
