"""One connection of a terminal: packets in and out, as late as its network is."""

import asyncio
from typing import Final, Protocol

from mqtt5 import Packet, read

# All connections read into one buffer: each takes out its bytes before the next does.
_INCOMING: Final = bytearray(65536)
_VIEW: Final = memoryview(_INCOMING)
_PANIC: Final = "PanicException"  # how the codec tells of text that is not UTF-8


class Owner(Protocol):
    """Whose connection it is; both are told which connection speaks."""

    def received(self, wire: "Wire", packet: Packet) -> None: ...

    def lost(self, wire: "Wire") -> None: ...


class Wire(asyncio.BufferedProtocol):
    """Sends `first` as soon as it is connected; `delay_s` each way."""

    __slots__ = ("_delay_s", "_first", "_owner", "_rest", "_transport")

    def __init__(self, owner: Owner, first: bytes, delay_s: float) -> None:
        self._owner = owner
        self._first = first
        self._delay_s = delay_s
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.write(self._first)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - as it is called
        return _VIEW

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(_VIEW[:nbytes])
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._take, data)
        else:
            self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as it is called
        self._transport = None
        self._owner.lost(self)

    def write(self, data: bytes) -> None:
        """Send, after the network's delay; nothing once the connection is gone."""
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._write, data)
        else:
            self._write(data)

    def abort(self) -> None:
        """Vanish without a word: what was not sent yet is gone."""
        if self._transport is not None:
            self._transport.abort()

    def close(self, last: bytes = b"") -> None:
        """End in good order; `last` overtakes what the network still delays."""
        if self._transport is not None:
            self._transport.write(last)
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _take(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        view, position = memoryview(data), 0
        while position < len(data) and self._transport is not None:
            try:
                packet, used = read(view[position:])
            except IndexError:  # not whole yet
                break
            except ValueError:
                self.abort()
                return
            except BaseException as error:
                if type(error).__name__ != _PANIC:
                    raise
                self.abort()
                return
            position += used
            self._owner.received(self, packet)
        self._rest = data[position:]
