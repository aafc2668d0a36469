"""How a run is going: a live panel on a terminal, a line now and then in a pipe."""

import sys
import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from simulators.simulate.crowd import Crowd

_LIVE_S: Final = 0.25
_LINE_S: Final = 10.0
_SHOWN: Final = ("pressed", "acknowledged", "receipted")


class Progress:
    """Shows a crowd while it works; `tell` is cheap to call as often as one likes."""

    def __init__(self, title: str, *, quiet: bool = False) -> None:
        self._title = title
        self._quiet = quiet
        self._console = Console(stderr=True)
        self._live: Live | None = None
        self._next_s = 0.0
        self._rates = (0.0, 0, 0, 0)  # seconds, pressed, acknowledged, receipted
        self.crowd: Crowd | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._quiet:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def tell(self) -> None:
        """Show how it stands, if it is time to."""
        now_s = time.monotonic()
        if now_s < self._next_s or self.crowd is None or self._quiet:
            return
        self._next_s = now_s + (_LIVE_S if self._live else _LINE_S)
        if self._live is not None:
            self._live.update(self._panel(self.crowd), refresh=True)
        else:
            sys.stderr.write(self._line(self.crowd) + "\n")

    def say(self, text: str) -> None:
        """Show one line that stays on a terminal's bottom, or is left out in a pipe."""
        if self._live is not None:
            self._live.update(text, refresh=True)

    def _panel(self, crowd: Crowd) -> Table:
        counts, since_s = crowd.meter.counts, time.monotonic()
        table = Table(title=self._title, title_justify="left", show_header=False)
        table.add_row("phase", crowd.phase)
        table.add_row(
            "connected", f"{crowd.meter.connected:,}/{len(crowd.terminals):,}"
        )
        span_s = since_s - self._rates[0]
        now = counts["pressed"], counts["acknowledged"], counts["receipted"]
        for name, count, before in zip(_SHOWN, now, self._rates[1:], strict=True):
            rate = (count - before) / span_s if self._rates[0] else 0.0
            table.add_row(name, f"{count:>10,}  {rate:>8,.0f}/s")
        table.add_row("kept by terminals", f"{crowd.kept:>10,}")
        table.add_row(
            "press to PUBACK", _ms(crowd.meter.press_to_puback.percentile(95))
        )
        table.add_row(
            "press to receipt", _ms(crowd.meter.press_to_receipt.percentile(95))
        )
        self._rates = (since_s, *now)
        return table

    def _line(self, crowd: Crowd) -> str:
        counts = crowd.meter.counts
        return (
            f"{crowd.phase}: {crowd.meter.connected:,} connected, "
            f"{counts['pressed']:,} pressed, {counts['acknowledged']:,} acknowledged, "
            f"{counts['receipted']:,} receipted, {crowd.kept:,} kept"
        )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"p95 {value:,.1f} ms"
