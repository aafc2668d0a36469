"""The shortcut for messages without peculiarities: one step of a compiled decoder.

It accepts less than the judge of a channel and never refuses: None means "judge by
hand". What it accepts, the judge accepts with the same result.
"""

from collections.abc import Callable
from types import GenericAlias
from typing import Any, Final, Generic, TypeVar

import msgspec

from device_protocol import wire
from device_protocol.identity import match_event_id
from device_protocol.limits import (
    ELEMENTS_MAX,
    OBJECT_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
)
from device_protocol.timestamps import quick_claim

_Shape = TypeVar("_Shape", bound=wire.Common)
_Message = TypeVar("_Message")

_split: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
BACKSLASH: Final = ord("\\")


def plain_claim(moment: str | int | None) -> int | str | None:
    """What `occurred_at` claims.

    Raises:
        ValueError: it is no time.
    """
    return None if moment is None else quick_claim(moment)


class PlainReader(Generic[_Shape, _Message]):
    """Reads payloads of one shape, which must forbid unknown fields."""

    def __init__(
        self, shape: type[_Shape], build: Callable[[_Shape], _Message]
    ) -> None:
        """`build` may raise ValueError: then the message is not plain."""
        self._decode_one = msgspec.json.Decoder(shape).decode
        many: Any = GenericAlias(list, (shape,))
        self._decode_many = msgspec.json.Decoder(many).decode
        self._build = build
        self._has_id = issubclass(shape, wire.Event)

    def read_one(self, device_id: str, payload: bytes) -> _Message | None:
        """The message in a payload, or None."""
        # Without an escape no string can hold NUL, a lone surrogate or a quote.
        if len(payload) > OBJECT_BYTES_MAX or BACKSLASH in payload:
            return None
        try:
            return self._message(device_id, self._decode_one(payload))
        except ValueError:  # the decoder's errors are some
            return None

    def read_many(self, device_id: str, payload: bytes) -> list[_Message] | None:
        """The messages in an array when all of them are plain, else None."""
        if len(payload) > PAYLOAD_BYTES_MAX or BACKSLASH in payload:
            return None
        try:
            shapes = self._decode_many(payload)
            if len(shapes) > ELEMENTS_MAX or any_too_large(payload):
                return None
            messages = [self._message(device_id, shape) for shape in shapes]
        except ValueError:
            return None
        found = [message for message in messages if message is not None]
        return found if len(found) == len(messages) else None

    def _message(self, device_id: str, shape: _Shape) -> _Message | None:
        if (shape.device_id is not None and shape.device_id != device_id) or (
            self._has_id and match_event_id(shape.event_id) is None
        ):
            return None
        return self._build(shape)


def any_too_large(payload: bytes) -> bool:
    """Whether an element of an array is larger than an object may be."""
    return len(payload) > OBJECT_BYTES_MAX and any(
        len(memoryview(raw)) > OBJECT_BYTES_MAX for raw in _split(payload)
    )
