"""When nobody is told of an alert: maintenance windows, maintenance, closures."""

from collections.abc import Iterator
from typing import Final

from fleet.registry import Lifecycle
from gateway.ledger.alerts import Alert, Window
from gateway.processing.state import State

MAINTENANCE_MS_MAX: Final = 8 * 3_600_000
"""Nothing is in maintenance for longer by one act: it could be forgotten."""


class Muting:
    """The maintenance windows in force, and what else keeps an alert quiet."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._windows = state.alert_books.windows(state.now_ms)

    def begin(self, window: Window, reason: str | None, author: str) -> Window:
        """Keep a window; answers it with its number."""
        kept = self._state.alert_books.add_window(window, reason, author)
        self._forget_past()
        self._windows.append(kept)
        return kept

    def end(self, window_id: int) -> Window | None:
        """End a window now; None: there is none that is not over."""
        self._forget_past()
        for window in self._windows:
            if window.id == window_id:
                self._state.alert_books.end_window(window_id, self._state.now_ms)
                self._windows.remove(window)
                return window
        return None

    def count(self) -> int:
        """How many windows are not over."""
        self._forget_past()
        return len(self._windows)

    def until_ms(self, alert: Alert) -> int | None:
        """Until when nobody is told of this alert; None: they may be told now."""
        return max(self._ends(alert), default=None)

    def _ends(self, alert: Alert) -> Iterator[int]:
        state, now_ms = self._state, self._state.now_ms
        line = state.openings.line(alert.site) if alert.site else []
        for window in self._windows:
            if window.from_ms <= now_ms < window.until_ms:
                of_site = window.site is not None and window.site in line
                if of_site or window.device_id == (alert.device_id or ""):
                    yield window.until_ms
        device = state.by_id.get(alert.device_id or "")
        if device is not None and device.lifecycle == Lifecycle.MAINTENANCE:
            yield max(now_ms + 1, device.watch.since_ms + MAINTENANCE_MS_MAX)
        if alert.site is not None:
            closed_ms = state.openings.closed_until(alert.site, now_ms)
            if closed_ms is not None:
                yield closed_ms

    def _forget_past(self) -> None:
        now_ms = self._state.now_ms
        self._windows = [one for one in self._windows if one.until_ms > now_ms]
