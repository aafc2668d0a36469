"""When a terminal was of no use by its own words, reckoned a second time.

Plain Python that shares no code with the rules, the fold or the queries (a test looks).
Source: docs/fleet.md, "Health", the rules in bold that the script has terminals break.
"""

from collections.abc import Iterable
from math import exp
from typing import Final, NamedTuple

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
_RARE: Final = exp(-16)
"""Once in nine million times."""


class Beat(NamedTuple):
    """A heartbeat as it was sent; None: it told nothing of its keys."""

    at_ms: int
    uptime_s: int
    counts: tuple[int, ...] | None
    faults: str


class Tested(NamedTuple):
    """A self-test, and the keys that answered."""

    at_ms: int
    pressed: tuple[int, ...]


class Patient:
    """What a terminal told so far, and what follows from it."""

    def __init__(self) -> None:
        self._uptime_s = self._heard_ms = 0
        self._restarts: list[int] = []
        self._restarting = False
        self._stuck_ms: int | None = None
        self._missed = False
        self._counts: tuple[int, ...] | None = None
        self._keys: list[tuple[int, int]] = []
        """Of each key: its presses, and those of all keys when it moved last."""
        self._faults = ""

    def test(self, tested: Tested) -> bool:
        """Whether it is of no use, now that it tested itself."""
        self._missed = self._counts is not None and len(tested.pressed) < len(
            self._counts
        )
        return self._is_bad(self._heard_ms)

    def beat(self, beat: Beat) -> bool:
        """Whether it is of no use, by what it tells now."""
        if beat.uptime_s < self._uptime_s:
            self._restarts.append(beat.at_ms)
        self._uptime_s, self._faults = beat.uptime_s, beat.faults
        if beat.counts is not None:
            self._count(beat.counts, beat.at_ms)
        self._heard_ms = beat.at_ms
        return self._is_bad(beat.at_ms)

    def _count(self, counts: tuple[int, ...], at_ms: int) -> None:
        before, self._counts = self._counts, counts
        if before is None:
            self._keys = [(0, 0)] * len(counts)
            return
        moved = [now - then for now, then in zip(counts, before, strict=True)]
        minutes = max((at_ms - self._heard_ms) / MINUTE_MS, 1)
        if max(moved) >= max(30, 20 * minutes):
            self._stuck_ms = at_ms
            moved[moved.index(max(moved))] = 0  # nobody pressed
        total = sum(presses for presses, _ in self._keys) + sum(moved)
        self._keys = [
            (presses + more, total if more else last)
            for (presses, last), more in zip(self._keys, moved, strict=True)
        ]

    def _is_bad(self, at_ms: int) -> bool:
        recent = sum(at > at_ms - HOUR_MS for at in self._restarts)
        self._restarting = recent >= (2 if self._restarting else 4)
        stuck = self._stuck_ms is not None and self._stuck_ms > at_ms - HOUR_MS
        total = sum(presses for presses, _ in self._keys)
        dead = self._missed or any(
            # That all its presses were among the first ones is so improbable.
            (last / total) ** presses <= _RARE if presses else total >= 2_000
            for presses, last in self._keys
            if total
        )
        return self._restarting or stuck or dead or bool(self._faults)


def ailments(
    told: Iterable[Beat | Tested], unheard: tuple[int, int]
) -> list[tuple[int, int | None]]:
    """When it was of no use, from when the gateway learnt that, which is by the minute.

    Heartbeats of `unheard`, while the gateway was away, are lost.
    """
    patient, found = Patient(), list[tuple[int, int | None]]()
    since_ms: int | None = None
    for one in told:
        if unheard[0] <= one.at_ms < unheard[1]:
            continue
        bad = patient.test(one) if isinstance(one, Tested) else patient.beat(one)
        learnt_ms = (one.at_ms // MINUTE_MS + 1) * MINUTE_MS
        if bad and since_ms is None:
            since_ms = learnt_ms
        elif not bad and since_ms is not None:
            found.append((since_ms, learnt_ms))
            since_ms = None
    return [*found, *([(since_ms, None)] if since_ms is not None else [])]
