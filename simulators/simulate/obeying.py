"""What a terminal makes of commands and settings: each command once, whatever comes.

A terminal does a command by its id and answers each time it comes; what it has begun it
knows until the command's deadline is over (device protocol v1, "command, reply").
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from device_protocol.downlink import decode
from device_protocol.messages import Cleared, Command, Config, Mode
from device_protocol.timestamps import parse_instant
from device_protocol.topics import Channel

COMMANDS: Final = ("identify", "prompt", "selftest", "set_mode")
"""What simulated terminals know."""
DONE_MAX: Final = 100
"""Commands remembered, the newest."""


class Answer(NamedTuple):
    """What a terminal publishes on a channel, but for its version and event id."""

    channel: Channel
    fields: dict[str, Any]


class Obedience:
    """One terminal's memory of what it was told; `executed` counts by command id."""

    __slots__ = ("_done", "_mode", "_mode_ends_ms", "executed", "revision", "settings")

    def __init__(self) -> None:
        self._done: dict[str, Answer] = {}
        self.executed: Counter[str] = Counter()
        self.revision: int | None = None
        self.settings: dict[str, object] = {}
        self._mode = Mode.LIVE
        self._mode_ends_ms = 0

    def mode(self, now_ms: int) -> Mode:
        """What its presses are marked with; any other than `live` ends by itself."""
        return self._mode if now_ms < self._mode_ends_ms else Mode.LIVE

    def command(self, payload: bytes, now_ms: int) -> Iterator[Answer]:
        """What to answer.

        Raises:
            ProtocolError: it is no command.
        """
        message = decode(Channel.COMMAND, payload)
        assert isinstance(message, Command)
        known = self._done.get(message.command_id)
        if known is not None:
            yield known
            return
        if message.name not in COMMANDS:
            yield _reply(message, "rejected", error=f"unknown: {message.name}")
        elif message.expires_ms <= now_ms:
            yield _reply(message, "expired")
        else:
            yield from self._execute(message)

    def config(self, payload: bytes) -> None:
        """Take settings, unless newer ones are known; no payload: its own again.

        Raises:
            ProtocolError: it is no settings.
        """
        message = decode(Channel.CONFIG, payload)
        if isinstance(message, Cleared):
            self.settings = {}
        elif isinstance(message, Config) and message.revision >= (self.revision or 0):
            self.revision, self.settings = message.revision, message.desired

    def _execute(self, message: Command) -> Iterator[Answer]:
        self.executed[message.command_id] += 1
        yield _reply(message, "accepted")
        if message.name == "selftest":
            checks = [{"code": "display", "result": "pass"}]
            yield Answer(Channel.SELFTEST, {"trigger": "command", "items": checks})
        done = _reply(message, "done", result={"name": message.name})
        if message.name == "set_mode" and not self._set_mode(message.args):
            done = _reply(message, "failed", error="no mode, or no end of it")
        self._done[message.command_id] = done
        if len(self._done) > DONE_MAX:
            del self._done[next(iter(self._done))]
        yield done

    def _set_mode(self, args: dict[str, Any]) -> bool:
        """Whether it makes sense; every mode but `live` says until when."""
        try:
            mode = Mode(args["mode"])
            ends_ms = 0 if mode is Mode.LIVE else parse_instant(args["until"])
        except (KeyError, TypeError, ValueError):
            return False
        self._mode, self._mode_ends_ms = mode, ends_ms
        return True


def _reply(message: Command, status: str, **more: object) -> Answer:
    fields = {"command_id": message.command_id, "status": status, **more}
    return Answer(Channel.REPLY, fields)
