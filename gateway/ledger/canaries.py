"""How presses of ghosts arrive, kept by site and sink."""

from collections.abc import Iterable

from fleet.canary import Health, Way, ghost_of
from gateway.ledger.store import Store

End = tuple[str, str]
"""(site, sink); the sink is "" for the journal."""


class CanaryBooks:
    """The table `canary`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ways(self) -> dict[End, Way]:
        rows = self._store.all(
            "SELECT site, sink, since_ms, pressed_ms, arrived_ms, late, health"
            " FROM canary ORDER BY site, sink"
        )
        return {
            (site, sink): Way(since_ms, pressed_ms, arrived_ms, late, Health(health))
            for site, sink, since_ms, pressed_ms, arrived_ms, late, health in rows
        }

    def save(self, end: End, way: Way) -> None:
        site, sink = end
        told = (way.since_ms, way.pressed_ms, way.arrived_ms, way.late)
        self._store.run(
            "INSERT OR REPLACE INTO canary VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (site, sink, ghost_of(site), *told, way.health.value),
        )

    def remove(self, ends: Iterable[End]) -> None:
        self._store.many("DELETE FROM canary WHERE site = ? AND sink = ?", ends)
