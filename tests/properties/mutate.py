"""A fuzz by mutation: a message or a ProtocolError comes out of `decode`, ever.

    python -m tests.properties.mutate --n 1000000 --seed 1

prints how many inputs met which outcome. The same seed gives the same inputs.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from device_protocol.codec import CHANNELS, Uplink, decode, judge_payload
from device_protocol.errors import ProtocolError
from device_protocol.limits import PAYLOAD_BYTES_MAX
from device_protocol.messages import Message, Rating
from device_protocol.topics import Channel
from tests.support.bad_input import load

DEVICE: Final = "eval-0001"
SEED_BYTES_MAX: Final = 1_000
GOOD_SHARE: Final = 0.8
STRAY_SHARE: Final = 0.03

_FULL: Final = {
    "v": 1,
    "event_id": "0193f3a1-7c4b-7def-8123-456789abcdef",
    "device_id": DEVICE,
    "boot_id": "b-7",
    "seq": 123456,
    "occurred_at": "2026-11-21T10:00:00.123+08:00",
    "uptime_ms": 1000,
    "sent_uptime_ms": 61000,
    "mode": "live",
    "retry": 1,
    "level": 5,
    "items": [{"code": "speed", "level": 4}],
    "session_id": "A20261121-0042",
    "stage": 1,
    "employee_id": "007",
    "attributions": ["007", "008"],
    "reasons": ["slow"],
    "comment": "很好 cafe",
    "contact": {"kind": "phone", "value": "13800000000"},
    "amends": "eval-0001:0193f3a1-0000-7def-8123-456789abcdef",
    "round": "initial",
    "origin": "customer",
    "presses": 1,
}
_PLAIN: Final = {name: _FULL[name] for name in ("v", "event_id", "level", "seq")}
_USUAL: Final = {
    **_PLAIN,
    "session_id": "A20261121-0042",
    "employee_id": "007",
    "occurred_at": "2026-11-21T10:00:00.123+08:00",
}
_COMMENT: Final = {**_PLAIN, "comment_for": "event-0001", "comment": "好"}
_COMMENT_ALONE: Final = {k: v for k, v in _COMMENT.items() if k != "level"}
_PRESENCE: Final = {
    "v": 1,
    "state": "online",
    "conn_id": "c-1",
    "capabilities": {"keys": 5, "receipts": True},
    "last_seq": 9,
}
_EVENT: Final = {name: _FULL[name] for name in ("v", "event_id", "seq", "occurred_at")}
_SESSION: Final = {
    **_EVENT,
    "session_id": "A20261121-0042",
    "action": "ended",
    "stage": 2,
    "employee_id": "007",
    "service_code": "440100-01",
    "reason": "left",
}
_COMPLAINT: Final = {
    **_EVENT,
    "category": "service",
    "comment": "很慢",
    "contact": {"kind": "email", "value": "a@b"},
}
_HEARTBEAT: Final = {
    "v": 1,
    "conn_id": "c-1",
    "uptime_s": 86400,
    "key_counts": [10, 2, 0],
    "battery_pct": 88,
    "power": "mains",
    "rssi_dbm": -61,
    "temperature_c": 31.5,
    "clock_synced": True,
    "faults": ["rtc"],
}
_SELFTEST: Final = {
    **_EVENT,
    "trigger": "boot",
    "items": [{"code": "rtc", "result": "pass", "value": -0.4, "unit": "s/d"}],
    "keys_pressed": [0, 1],
}
_REPLY: Final = {
    **_EVENT,
    "command_id": "cmd-1",
    "status": "done",
    "result": {"a": [1.0, None]},
    "error": "none",
}
_TOKENS: Final = (
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"5.0", b"5.5", b"00"),
    *(b"9007199254740993", b"9" * 5000, b"1763700000", b'"\\ud800"', b'"\\u0000"'),
    *(b'"\xed\xa0\x80"', b"\xff", b"\x00", b"\xef\xbb\xbf", b"[]", b"{}", b'""', b"\\"),
    *(
        "\uff15".encode(),
        "e\u0301".encode(),
        "\u202e".encode(),
        "😀".encode(),
        b'" 5 "',
    ),
    *(b'"20261121100000"', b'"key":3', b'"level":9', b'"v":2', b',"x":1', b"\n", b"]"),
)

Mutation = Callable[[random.Random, bytes], bytes]

_ODD: Final[Sequence[object]] = (
    *(
        None,
        True,
        False,
        0,
        1,
        2,
        3,
        5,
        6,
        -1,
        15,
        16,
        5.0,
        5.5,
        1e15,
        2**53,
        2**53 + 1,
    ),
    *(
        "",
        "5",
        " 5 ",
        "\uff15",
        "5\n",
        "非常满意",
        "x" * 32,
        "x" * 33,
        "好" * 500,
        "é" * 501,
    ),
    *(
        "e\u0301" * 500,
        "\u0958" * 300,
        "a\0b",
        "\ud800",
        "event-0001\n",
        "d:event-0001",
    ),
    *(
        [],
        ["007"],
        [7],
        ["x"] * 17,
        {},
        {"code": "a"},
        [{"code": "a", "level": "\uff14"}],
    ),
    *(
        [{"code": "a", "level": 9}],
        [{"code": "a", "level": 1, "z": 0}],
        {"kind": "fax"},
    ),
    *(1763700000, 1763700000123, 20261121100000, "1763700000", "20261321100000"),
    *("2026-11-21T10:00:00", "2026-11-21 10:00:00+0800", "0001-01-01T00:00:00+23:59"),
    *("9999-12-31T23:59:59.9999999-23:59", "test", "followup", "customer", "offline"),
)


def _flip_bit(dice: random.Random, data: bytes) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def _cut(dice: random.Random, data: bytes) -> bytes:
    return data[: dice.randrange(len(data))]


def _drop(dice: random.Random, data: bytes) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.randint(1, 12) :]


def _repeat(dice: random.Random, data: bytes) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + data[at : at + dice.randint(1, 60)] * 2 + data[at:]


def _insert(dice: random.Random, data: bytes) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice(_TOKENS) + data[at:]


def _splice(dice: random.Random, data: bytes) -> bytes:
    other = dice.choice(SEEDS)
    return data[: dice.randrange(len(data))] + other[dice.randrange(len(other)) :]


def _replace_value(dice: random.Random, data: bytes) -> bytes:
    """A token in the place of what stands behind a colon."""
    colons = [at for at, byte in enumerate(data) if byte == ord(":")]
    if not colons:
        return data
    at = dice.choice(colons) + 1
    ends = [end for end in (data.find(b",", at), data.find(b"}", at)) if end > 0]
    return data[:at] + dice.choice(_TOKENS) + data[min(ends, default=len(data)) :]


def _nest(dice: random.Random, data: bytes) -> bytes:
    depth = dice.choice((1, 2, 15, 17, 200, 2000))
    return b"[" * depth + data + b"]" * dice.choice((depth, depth, depth - 1, 0))


def _array(dice: random.Random, data: bytes) -> bytes:
    other = dice.choice(SEEDS)
    return b"[" + b",".join([data, other] * dice.choice((1, 1, 1, 2, 8))) + b"]"


def _pad(dice: random.Random, data: bytes) -> bytes:
    return data + b" " * dice.choice((1, 100, 17_000, PAYLOAD_BYTES_MAX))


def _change_field(dice: random.Random, data: bytes) -> bytes:
    """Still JSON, if it was: one field with an odd value, without it, or a new one."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _insert(dice, data)
    if not isinstance(value, dict) or not value:
        return _array(dice, data)
    name = dice.choice((*value, *_NAMES))
    value[name] = dice.choice((*_ODD, *_FULL.values(), dice.getrandbits(60)))
    if dice.random() < 0.2:
        del value[dice.choice(list(value))]
    return json.dumps(value, ensure_ascii=dice.random() < 0.3).encode(
        "utf-8", "surrogatepass"
    )


_COMMON: Final = (_flip_bit, _cut, _drop, _repeat, _insert, _splice, _replace_value)
_RARE: Final = (_nest, _array, _pad)
_KINDS: Final[Sequence[Sequence[Mutation]]] = ((_change_field,), _COMMON, _RARE)
_WEIGHTS: Final = (70, 26, 4)


def _encode(value: object, *, ascii_only: bool) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only).encode()


_VALUES: Final[Sequence[tuple[Channel, object]]] = (
    *((Channel.RATING, value) for value in (_FULL, _PLAIN, _USUAL)),
    *((Channel.RATING, value) for value in (_COMMENT, _COMMENT_ALONE)),
    (Channel.RATING, [_PLAIN, _FULL]),
    (Channel.RATING, [_USUAL, _USUAL]),
    (Channel.PRESENCE, _PRESENCE),
    (Channel.SESSION, _SESSION),
    (Channel.SESSION, [_SESSION, _SESSION]),
    (Channel.COMPLAINT, _COMPLAINT),
    (Channel.HEARTBEAT, _HEARTBEAT),
    (Channel.SELFTEST, _SELFTEST),
    (Channel.REPLY, _REPLY),
)
_NAMES: Final = (*_FULL, *_SESSION, *_HEARTBEAT, *_SELFTEST, *_REPLY)
GOOD: Final = (
    *((channel, _encode(value, ascii_only=True)) for channel, value in _VALUES),
    *((channel, _encode(value, ascii_only=False)) for channel, value in _VALUES),
)
BAD: Final = tuple(
    (Channel.RATING, case.payload)
    for case in load()
    if 0 < len(case.payload) < SEED_BYTES_MAX
)
SEEDS: Final = tuple(payload for _, payload in (*GOOD, *BAD))


def mutants(count: int, seed: int) -> Iterator[tuple[Channel, bytes]]:
    """`count` payloads made from good and bad ones by one to four mutations."""
    dice = random.Random(seed)
    for _ in range(count):
        channel, data = dice.choice(GOOD if dice.random() < GOOD_SHARE else BAD)
        for _ in range(dice.choice((1, 1, 1, 2, 3, 4))):
            kinds = dice.choices(_KINDS, _WEIGHTS)[0]
            data = dice.choice(kinds)(dice, data) or b"{}"
        if dice.random() < STRAY_SHARE:
            channel = dice.choice(CHANNELS)
        yield channel, data


def outcomes(channel: Channel, payload: bytes) -> list[str]:
    """The outcome of each element; anything unforeseen escapes as an exception."""
    try:
        decoded = decode(channel, DEVICE, payload)
    except ProtocolError as error:
        return [error.reason.value]
    if isinstance(decoded, list):
        return [_outcome(element) for element in decoded] or ["ignored"]
    return [_outcome(decoded)]


def _outcome(element: Message | ProtocolError) -> str:
    if isinstance(element, ProtocolError):
        return element.reason.value
    msgspec.json.encode(element)  # what is accepted can be written down
    return type(element).__name__


def assert_shortcut_agrees(channel: Channel, payload: bytes) -> None:
    """The compiled decoder and the judge say the same of a payload."""
    decoded = _told(lambda: decode(channel, DEVICE, payload))
    assert decoded == _told(lambda: judge_payload(channel, DEVICE, payload)), payload


def _told(read: Callable[[], Uplink]) -> str:
    try:
        decoded = read()
    except ProtocolError as error:
        return repr(error)
    elements = decoded if isinstance(decoded, list) else [decoded]
    return repr([_unmarked(element) for element in elements])


def _unmarked(element: Message | ProtocolError) -> Message | ProtocolError:
    """Without what only the shortcut knows."""
    if isinstance(element, Rating):
        return msgspec.structs.replace(element, usual=False)
    return element


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compare", action="store_true", help="also judge by hand")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    for channel, payload in mutants(options.n, options.seed):
        counts.update(outcomes(channel, payload))
        if options.compare:
            assert_shortcut_agrees(channel, payload)
    for outcome, count in counts.most_common():
        sys.stdout.write(f"{count:>10,}  {outcome}\n")
    sys.stdout.write(f"{options.n:>10,}  inputs, nothing else came out\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
