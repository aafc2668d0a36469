"""A small file that says for which session the broker has once accepted us.

Only with it can an absent session be told from a first connection, also when this
process is new.
"""

from contextlib import suppress
from pathlib import Path


class SessionMark:
    """`name` identifies the session: our client id, the broker's address."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._content = name + "\n"

    def remember(self) -> bool:
        """Note that the session exists now; whether that was noted before."""
        try:
            known = self._path.read_text("utf-8") == self._content
        except (OSError, ValueError):
            known = False
        if not known:
            self._write()
        return known

    def _write(self) -> None:
        """A full disk must not end the connection: the note is made the next time."""
        new = self._path.with_suffix(".new")
        with suppress(OSError):
            new.write_text(self._content, "utf-8")
            new.replace(self._path)
