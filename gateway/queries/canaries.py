"""How presses of ghosts arrive, as readers see it."""

from typing import NamedTuple


class CanaryRow(NamedTuple):
    """One site's way to a sink, "" for the journal; `health` as of `fleet.canary`."""

    site: str
    sink: str
    device_id: str
    since_ms: int
    pressed_ms: int | None
    arrived_ms: int | None
    health: str

    @property
    def delay_ms(self) -> int | None:
        """How long the newest press that arrived took."""
        if self.pressed_ms is None or self.arrived_ms is None:
            return None
        return max(0, self.arrived_ms - self.pressed_ms)
