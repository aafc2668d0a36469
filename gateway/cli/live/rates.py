"""How fast: the difference between figures a few seconds apart."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gateway.cli.live.figures import FATES, Intake, Pipeline, Process, Rates

_WINDOW_MS: Final = 5_000
_SAMPLES_MAX: Final = 64


class _Sample(NamedTuple):
    at_ms: int
    received: int | None
    blocks: int
    processed: int
    sinks: Mapping[str, int]
    cpu_s: Mapping[tuple[str, int], float]


class RateWindow:
    """Figures of the last seconds; those of a process begin anew with its pid."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES_MAX)

    def add(
        self,
        at_ms: int,
        intake: Intake | None,
        pipeline: Pipeline,
        processes: Sequence[Process] = (),
    ) -> Rates:
        """Take figures of the monotonic moment `at_ms`; the rates up to it."""
        now = _Sample(
            at_ms,
            None if intake is None else intake.received,
            pipeline.journal.block,
            sum(getattr(pipeline, fate) for fate in FATES),
            {sink.name: sink.delivered for sink in pipeline.sinks},
            {(one.name, one.pid): one.cpu_s for one in processes if one.pid},
        )
        samples = self._samples
        samples.append(now)
        while len(samples) > 2 and samples[1].at_ms <= at_ms - _WINDOW_MS:  # noqa: PLR2004 -- two make a rate
            samples.popleft()
        return _between(samples[0], now)


def _between(then: _Sample, now: _Sample) -> Rates:
    elapsed_s = (now.at_ms - then.at_ms) / 1000
    if elapsed_s <= 0:
        return Rates()
    received = None
    if now.received is not None and then.received is not None:
        received = max(0, now.received - then.received) / elapsed_s
    return Rates(
        received=received,
        blocks=max(0, now.blocks - then.blocks) / elapsed_s,
        processed=max(0, now.processed - then.processed) / elapsed_s,
        sinks={
            name: max(0, delivered - then.sinks[name]) / elapsed_s
            for name, delivered in now.sinks.items()
            if name in then.sinks
        },
        cpu={
            key[0]: max(0.0, used_s - then.cpu_s[key]) / elapsed_s
            for key, used_s in now.cpu_s.items()
            if key in then.cpu_s
        },
    )
