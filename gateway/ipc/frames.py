"""Frames of the submission socket: a length, then MessagePack.

A request is [id, records]; an answer [id, generation, block, index], or
[id, blame, reason] where blame says who must act: `world` or `operator`.
"""

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from gateway.ports import Record

FRAME_BYTES_MAX: Final = 16 << 20
RECORDS_MAX: Final = 1_000  # of one submission, which is never split over blocks
_LENGTH: Final = struct.Struct(">I")


class Request(msgspec.Struct, array_like=True, gc=False):
    id: int
    records: list[Record]


class Placed(msgspec.Struct, array_like=True, gc=False, tag="placed"):
    """The records are durable: the place of the first."""

    id: int
    generation: int
    block: int
    index: int


class Refused(msgspec.Struct, array_like=True, gc=False, tag="refused"):
    """The records are not in the journal; `permanent` when an operator must act."""

    id: int
    permanent: bool
    reason: str


class FrameError(Exception):
    """The other side does not speak this protocol, or says too much at once."""


_encoder = msgspec.msgpack.Encoder()
_requests = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Placed | Refused] = msgspec.msgpack.Decoder(
    Placed | Refused
)


def encoded(message: Request | Placed | Refused) -> bytes:
    """One frame.

    Raises:
        FrameError: too large to send.

    """
    content = _encoder.encode(message)
    if len(content) > FRAME_BYTES_MAX:
        raise FrameError(f"{len(content)} bytes are too many for one submission")
    return _LENGTH.pack(len(content)) + content


def request(content: bytes) -> Request:
    """A frame's content, as the server reads it."""
    try:
        found = _requests.decode(content)
    except msgspec.DecodeError as error:
        raise FrameError(f"not a submission: {error}") from error
    if not 0 < len(found.records) <= RECORDS_MAX:
        raise FrameError(f"a submission has 1 to {RECORDS_MAX} records")
    return found


def answer(content: bytes) -> Placed | Refused:
    """A frame's content, as the client reads it."""
    try:
        return _answers.decode(content)
    except msgspec.DecodeError as error:
        raise FrameError(f"not an answer: {error}") from error


class FrameReader:
    """Cuts a stream of bytes into the contents of frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The contents that `data` completes.

        Raises:
            FrameError: a frame announces more than its bound.

        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > FRAME_BYTES_MAX:
                raise FrameError(f"a frame of {length} bytes")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            content = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield content
