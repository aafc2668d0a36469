"""Topics: `{root}/v1/{device_id}/{channel}`."""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from device_protocol.errors import ProtocolError, Reason

VERSION: Final = "v1"
DEVICE_ID: Final = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_match_device_id: Final = re.compile(DEVICE_ID).fullmatch


class Channel(StrEnum):
    RATING = "rating"
    SESSION = "session"
    COMPLAINT = "complaint"
    HEARTBEAT = "heartbeat"
    PRESENCE = "presence"
    SELFTEST = "selftest"
    REPLY = "reply"
    RECEIPT = "receipt"
    COMMAND = "command"
    CONFIG = "config"


UPLINK: Final = (
    Channel.RATING,
    Channel.SESSION,
    Channel.COMPLAINT,
    Channel.HEARTBEAT,
    Channel.PRESENCE,
    Channel.SELFTEST,
    Channel.REPLY,
)


class Address(NamedTuple):
    """Who speaks, and on which channel."""

    device_id: str
    channel: Channel


def is_device_id(text: str) -> bool:
    return _match_device_id(text) is not None


def uplink_filter(root: str, channel: Channel) -> str:
    """The subscription for one uplink channel of every device."""
    return f"{root}/{VERSION}/+/{channel.value}"


def topic(root: str, device_id: str, channel: Channel) -> str:
    # A StrEnum is its value; asking for it costs ten times as much.
    return f"{root}/{VERSION}/{device_id}/{channel}"


def parse(root: str, name: str) -> Address:
    """The address in a topic's name.

    Raises:
        ProtocolError: `bad_topic`, when it is not an uplink topic below `root`.
    """
    head = f"{root}/{VERSION}/"
    device_id, _, channel = name.removeprefix(head).partition("/")
    if not name.startswith(head) or not is_device_id(device_id):
        raise ProtocolError(Reason.BAD_TOPIC, f"not {head}<device>/<channel>")
    if channel not in UPLINK:
        raise ProtocolError(Reason.BAD_TOPIC, "not an uplink channel")
    return Address(device_id, Channel(channel))
