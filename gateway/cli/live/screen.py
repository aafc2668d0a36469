"""Where pictures go: redrawn in place on a terminal, a line each in a pipe."""

import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live

from gateway.cli.live.drawing import draw
from gateway.cli.live.figures import Picture
from gateway.cli.live.plain import line

_PIPED_WIDTH: Final = 120


def console() -> Console:
    """Standard output; colours only on a terminal."""
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False)


def print_once(picture: Picture) -> None:
    """The whole picture, plain in a pipe."""
    console().print(draw(picture))


class Screen:
    """One screen of a command's life; what it showed is gone when it is closed."""

    def __init__(self) -> None:
        self._console = console()
        self._live: Live | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            live = Live(console=self._console, screen=True, auto_refresh=False)
            self._live = self._stack.enter_context(live)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live = None
        self._stack.close()

    @property
    def is_live(self) -> bool:
        """Whether it is redrawn in place."""
        return self._live is not None

    def show(self, picture: Picture) -> None:
        """Draw it, or write its line."""
        if self._live is None:
            sys.stdout.write(line(picture) + "\n")
            sys.stdout.flush()
        else:
            self._live.update(draw(picture, self._console.height), refresh=True)

    def say(self, text: str) -> None:
        """One line about what is being done, before or after the pictures."""
        if self._live is None:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        else:
            self._live.update(text, refresh=True)
