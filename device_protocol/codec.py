"""Payload bytes to typed messages: a message, or a ProtocolError; nothing else.

A channel is one module with a `judge`, and one line in `JUDGES`; in `READERS` stand
the shortcuts of channels with many messages.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, cast, overload

from device_protocol import (
    complaint,
    heartbeat,
    presence,
    rating,
    rating_plain,
    reply,
    selftest,
    session,
)
from device_protocol.errors import ProtocolError, Reason
from device_protocol.json_text import Element, parse
from device_protocol.messages import (
    Cleared,
    EventMessage,
    Heartbeat,
    Message,
    Presence,
    Rating,
)
from device_protocol.topics import Channel

Uplink = Message | list[EventMessage | ProtocolError]
Judge = Callable[[str, Element], Message]
"""Takes the topic's device and one element."""


@overload
def decode(
    channel: Literal[Channel.RATING], device_id: str, payload: bytes
) -> Rating | list[Rating | ProtocolError]: ...
@overload
def decode(
    channel: Literal[Channel.PRESENCE], device_id: str, payload: bytes
) -> Presence | Cleared: ...
@overload
def decode(
    channel: Literal[Channel.HEARTBEAT], device_id: str, payload: bytes
) -> Heartbeat: ...
@overload
def decode(channel: Channel, device_id: str, payload: bytes) -> Uplink: ...
def decode(channel: Channel, device_id: str, payload: bytes) -> object:
    """What an uplink payload says.

    An object gives its message. An array of events gives a list, with a
    ProtocolError in the place of each element that cannot be accepted; an empty
    list is one message to be ignored.

    Raises:
        ProtocolError: the payload is refused whole.
    """
    return reader_of(channel)(device_id, payload)


def reader_of(channel: Channel) -> Callable[[str, bytes], Uplink]:
    """`decode` for one channel; one that goes down is refused."""
    return READERS.get(channel) or _refuse(channel)


def judge_rating(
    device_id: str, payload: bytes
) -> Rating | list[Rating | ProtocolError]:
    """What `decode` says of a `rating` payload, every rule judged by hand."""
    return cast(
        "Rating | list[Rating | ProtocolError]",
        judge_payload(Channel.RATING, device_id, payload),
    )


def judge_payload(channel: Channel, device_id: str, payload: bytes) -> Uplink:
    """What `decode` says, every rule judged by hand.

    Raises:
        ProtocolError: the payload is refused whole.
    """
    if not payload and channel is Channel.PRESENCE:
        return Cleared()
    return judge_parsed(channel, JUDGES[channel], device_id, parse(payload))


def judge_parsed(
    channel: Channel,
    judge: Judge,
    device_id: str,
    parsed: Element | list[Element | ProtocolError],
) -> Uplink:
    """One element judged, or each of an array by itself.

    Raises:
        ProtocolError: the element is refused, or an array where none belongs.
    """
    if isinstance(parsed, dict):
        return judge(device_id, parsed)
    if channel in SINGLE:
        raise ProtocolError(Reason.SCHEMA, f"an array: a {channel} is one object")
    elements = [_judge_element(judge, device_id, element) for element in parsed]
    return cast("list[EventMessage | ProtocolError]", elements)


def _judge_element(
    judge: Judge, device_id: str, element: Element | ProtocolError
) -> Message | ProtocolError:
    if isinstance(element, ProtocolError):
        return element
    try:
        return judge(device_id, element)
    except ProtocolError as error:
        return error.with_traceback(None)


def _read_rating(device_id: str, payload: bytes) -> Uplink:
    plain = rating_plain.read_one(device_id, payload)
    if plain is not None:
        return plain
    plains = rating_plain.read_many(device_id, payload)
    if plains is not None:
        return [*plains]
    return judge_payload(Channel.RATING, device_id, payload)


def _read_session(device_id: str, payload: bytes) -> Uplink:
    plain = session.plain.read_one(device_id, payload)
    if plain is not None:
        return plain
    plains = session.plain.read_many(device_id, payload)
    if plains is not None:
        return [*plains]
    return judge_payload(Channel.SESSION, device_id, payload)


def _read_heartbeat(device_id: str, payload: bytes) -> Uplink:
    plain = heartbeat.plain.read_one(device_id, payload)
    return plain or judge_payload(Channel.HEARTBEAT, device_id, payload)


def _judging(channel: Channel) -> Callable[[str, bytes], Uplink]:
    def read(device_id: str, payload: bytes) -> Uplink:
        return judge_payload(channel, device_id, payload)

    return read


def _refuse(channel: Channel) -> Callable[[str, bytes], Uplink]:
    def refuse(_device_id: str, _payload: bytes) -> Uplink:
        raise ProtocolError(Reason.BAD_TOPIC, f"nobody reads {channel}")

    return refuse


JUDGES: Final[Mapping[Channel, Judge]] = {
    Channel.RATING: rating.judge,
    Channel.SESSION: session.judge,
    Channel.COMPLAINT: complaint.judge,
    Channel.HEARTBEAT: heartbeat.judge,
    Channel.PRESENCE: presence.judge,
    Channel.SELFTEST: selftest.judge,
    Channel.REPLY: reply.judge,
}

SINGLE: Final = frozenset({Channel.PRESENCE, Channel.HEARTBEAT})
"""Channels that carry states, not events: one object, never an array."""

READERS: Final[Mapping[Channel, Callable[[str, bytes], Uplink]]] = {
    channel: _judging(channel) for channel in JUDGES
} | {
    Channel.RATING: _read_rating,
    Channel.SESSION: _read_session,
    Channel.HEARTBEAT: _read_heartbeat,
}

CHANNELS: Final = tuple(READERS)
