"""What no gateway can accept: one generator for each reason, each payload unique."""

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from device_protocol.limits import OBJECT_BYTES_MAX
from device_protocol.topics import VERSION, Channel, topic
from simulators.population import rfc3339
from simulators.simulate.book import Verdict
from simulators.simulate.scenario import JunkReason

RETIRED: Final = "retired"
STRANGERS: Final = 20
_TOO_DEEP: Final = 40
_YEAR_MS: Final = 365 * 86_400_000


class Junk(NamedTuple):
    topic: str
    payload: bytes
    verdict: Verdict


def _good(event_id: str, more: str = "") -> bytes:
    return f'{{"v":1,"event_id":"{event_id}","level":5{more}}}'.encode()


_PAYLOADS: Final[Mapping[JunkReason, Callable[[str, int], bytes]]] = MappingProxyType(
    {
        "not_utf8": lambda name, _: _good(name)[:-1] + b',"x":"\xff\xfe"}',
        "not_json": lambda name, _: _good(name)[:-1] + b",",
        "too_large": lambda name, _: _good(name, f',"x":"{"x" * OBJECT_BYTES_MAX}"'),
        "too_deep": lambda name, _: _good(
            name, f',"x":{"[" * _TOO_DEEP}{"]" * _TOO_DEEP}'
        ),
        "schema": lambda name, _: _good(name, ',"stage":"third"'),
        "unsupported_version": lambda name, _: _good(name).replace(b'"v":1', b'"v":9'),
        "identity_mismatch": lambda name, _: _good(
            name, ',"device_id":"somebody-else"'
        ),
        "unknown_level": lambda name, _: _good(name).replace(b":5", b":true"),
        "beyond_horizon": lambda name, now_ms: _good(
            name, f',"occurred_at":"{rfc3339(now_ms - _YEAR_MS)}"'
        ),
        "empty_array": lambda *_: b"[]",
    }
)


class Sender(NamedTuple):
    """Which terminal sends it, and below which root; others share its prefix."""

    root: str
    prefix: str
    device_id: str


def make(
    reason: JunkReason,
    sender: Sender,
    event_id: str,
    now_ms: int,
    dice: random.Random,
) -> Junk:
    """Junk for one reason; `event_id` makes it unique."""
    root, prefix, device_id = sender
    speakers: dict[JunkReason, str] = {
        "bad_topic": "no device",
        "refused_device": "http-terminal",  # ids over HTTP are never a terminal's
        "retired_device": f"{prefix}-{RETIRED}",
        "unknown_device": f"{prefix}-stranger-{dice.randrange(STRANGERS)}",
    }
    speaker = speakers.get(reason, device_id)
    where = (
        f"{root}/{VERSION}/{speaker}/{Channel.RATING.value}"
        if reason == "bad_topic"
        else topic(root, speaker, Channel.RATING)
    )
    payload = (
        _PAYLOADS[reason](event_id, now_ms) if reason in _PAYLOADS else _good(event_id)
    )
    fate = "ignored" if reason == "empty_array" else "quarantined"
    return Junk(where, payload, Verdict(fate, reason))
