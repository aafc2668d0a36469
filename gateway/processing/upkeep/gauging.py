"""The gateway's own figures as a point of `gateway`, at most once a minute.

They are those of the fold, at the first block of each minute of the journal's time: the
same journal gives the same points.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from fleet.canary import is_ghost
from gateway.events.points import NS_PER_MS, tag
from gateway.events.registry import GATEWAY
from gateway.ledger.snapshot import gateway_of
from gateway.ports import HealthPoint
from gateway.processing.state import State
from gateway.processing.upkeep.standings import Standing

MINUTE_MS: Final = 60_000
_FATES: Final = (
    "accepted",
    "duplicate",
    "conflict",
    "quarantined",
    "ignored",
    "deferred",
)
_PRESENCES: Final = (
    "unseen",
    "online",
    "stale",
    "offline",
    "standby",
    "maintenance",
    "retired",
)


def gauge(state: State) -> None:
    """Owe the point of this moment to the time series, and one for each sink."""
    tags = tag("gateway", gateway_of(state.books.setting("gateway")))[1:]
    _plot(state, tags, _figures(state))
    for name, addressed in sorted(state.sinks.addressed().items()):
        _plot(state, f"{tags}{tag('sink', name)}", {"addressed": addressed})


def gauge_sinks(state: State, sinks: Sequence[Standing]) -> None:
    """Owe points of how sinks stand, for those in force, if anybody takes them."""
    if not state.sinks.take(GATEWAY):
        return
    tags = tag("gateway", gateway_of(state.books.setting("gateway")))[1:]
    in_force = state.sinks.addressed()
    for one in sinks:
        if one.name in in_force:
            figures = msgspec.structs.asdict(one)
            name = figures.pop("name")
            _plot(state, f"{tags}{tag('sink', name)}", figures)


def _figures(state: State) -> dict[str, int]:
    fates: Counter[str] = Counter()
    for (name, _), elements in state.fates.items():
        fates[name] += elements
    presences = Counter(
        device.watch.state
        for device in state.by_no.values()
        if not is_ghost(device.device_id)
    )
    return {
        "received": sum(fates.values()),
        **{name: fates[name] for name in _FATES},
        "alerts_open": len(state.alerts),
        **{f"devices_{name}": presences[name] for name in _PRESENCES},
    }


def _plot(state: State, tags: str, figures: dict[str, int]) -> None:
    fields = ",".join(f"{name}={value}i" for name, value in figures.items())
    ns = state.now_ms * NS_PER_MS
    state.emission.plot(HealthPoint(state.ordinal, GATEWAY, tags, fields, ns, GATEWAY))
