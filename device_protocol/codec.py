"""Payload bytes to typed messages: a message, or a ProtocolError; nothing else.

A channel is one module with a `judge`, and one line here.
"""

from collections.abc import Callable, Mapping
from typing import Final

from device_protocol import presence, rating, rating_plain
from device_protocol.errors import ProtocolError, Reason
from device_protocol.json_text import Element, parse
from device_protocol.messages import Cleared, Presence, Rating
from device_protocol.topics import Channel

Decoded = Rating | Presence | Cleared | list[Rating | ProtocolError]


def decode(channel: Channel, device_id: str, payload: bytes) -> Decoded:
    """What a payload says.

    An object gives its message. An array of events gives a list, with a
    ProtocolError in the place of each element that cannot be accepted; an empty
    list is one message to be ignored.

    Raises:
        ProtocolError: the payload is refused whole.
    """
    return reader_of(channel)(device_id, payload)


def reader_of(channel: Channel) -> Callable[[str, bytes], Decoded]:
    """`decode` for one channel: spares a look-up for each message."""
    return _READERS.get(channel, _refuse(channel))


def _refuse(channel: Channel) -> Callable[[str, bytes], Decoded]:
    def refuse(_device_id: str, _payload: bytes) -> Decoded:
        raise ProtocolError(Reason.BAD_TOPIC, f"nobody reads {channel}")

    return refuse


def _read_rating(device_id: str, payload: bytes) -> Decoded:
    plain = rating_plain.read_one(device_id, payload)
    if plain is not None:
        return plain
    plains = rating_plain.read_many(device_id, payload)
    if plains is not None:
        return [*plains]
    return judge_rating(device_id, payload)


def judge_rating(
    device_id: str, payload: bytes
) -> Rating | list[Rating | ProtocolError]:
    """What `decode` says of a `rating` payload, every rule judged by hand."""
    parsed = parse(payload)
    if isinstance(parsed, dict):
        return rating.judge(device_id, parsed)
    return [_judge_element(device_id, element) for element in parsed]


def _judge_element(
    device_id: str, element: Element | ProtocolError
) -> Rating | ProtocolError:
    if isinstance(element, ProtocolError):
        return element
    try:
        return rating.judge(device_id, element)
    except ProtocolError as error:
        return error.with_traceback(None)


def _read_presence(device_id: str, payload: bytes) -> Presence | Cleared:
    if not payload:
        return Cleared()
    parsed = parse(payload)
    if not isinstance(parsed, dict):
        raise ProtocolError(Reason.SCHEMA, "an array: a presence is one object")
    return presence.judge(device_id, parsed)


_READERS: Final[Mapping[Channel, Callable[[str, bytes], Decoded]]] = {
    Channel.RATING: _read_rating,
    Channel.PRESENCE: _read_presence,
}

CHANNELS: Final = tuple(_READERS)
