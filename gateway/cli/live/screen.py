"""Where pictures go: redrawn in place on a terminal, a line each in a pipe."""

import re
import sys
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live

from gateway.cli.live.drawing import draw
from gateway.cli.live.figures import Picture
from gateway.cli.live.plain import line

_PIPED_WIDTH: Final = 120
_SAVED_WIDTH: Final = 110
_FONT_FACE: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def console() -> Console:
    """Standard output; colours only on a terminal."""
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False)


def print_once(picture: Picture) -> None:
    """The whole picture, plain in a pipe."""
    out = console()
    drawn = draw(picture, out.width)
    if out.is_terminal:
        out.print(drawn)
        return
    with out.capture() as plain:
        out.print(drawn)
    lines = (line.rstrip() for line in plain.get().splitlines())
    sys.stdout.write("\n".join(lines) + "\n")


def save_svg(picture: Picture, path: Path, width: int = _SAVED_WIDTH) -> None:
    """Write the picture as SVG; it asks for no font from elsewhere."""
    recorder = Console(
        record=True,
        width=width,
        file=StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    recorder.print(draw(picture, width))
    svg = recorder.export_svg(title=picture.title)
    path.write_text(_FONT_FACE.sub("", svg), "utf-8")


class Screen:
    """One screen of a command's life; what it showed is gone when it is closed."""

    def __init__(self) -> None:
        self._console = console()
        self._live: Live | None = None
        self._stack = ExitStack()
        self._told_ms = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
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
            sys.stdout.write(line(picture, self._told_ms) + "\n")
            sys.stdout.flush()
            self._told_ms = picture.at_ms
        else:
            width, height = self._console.size
            # The last line is left to what the terminal itself writes there: ^C.
            self._live.update(draw(picture, width, height - 1), refresh=True)

    def say(self, text: str) -> None:
        """One line about what is being done, before or after the pictures."""
        if self._live is None:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        else:
            self._live.update(text, refresh=True)
