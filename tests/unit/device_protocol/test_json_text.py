import json

import pytest

from device_protocol.errors import ProtocolError, Reason
from device_protocol.json_text import parse, split
from device_protocol.limits import (
    ELEMENTS_MAX,
    NESTING_MAX,
    OBJECT_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
)

EVENT_ID = "event-0001"


def refused(payload: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        parse(payload)
    return caught.value


def test_object_at_the_limit_is_read_and_a_byte_more_is_too_large() -> None:
    empty = len(b'{"x":""}')
    fitting = b'{"x":"' + b"x" * (OBJECT_BYTES_MAX - empty) + b'"}'
    assert isinstance(parse(fitting), dict)
    assert refused(fitting.replace(b"x", b"xx", 1)).reason is Reason.TOO_LARGE


def test_white_space_around_an_object_is_not_its_size() -> None:
    assert parse(b"{}" + b" " * (PAYLOAD_BYTES_MAX - 2)) == {}
    assert refused(b"{}" + b" " * PAYLOAD_BYTES_MAX).reason is Reason.TOO_LARGE


def test_size_is_counted_in_bytes() -> None:
    text = '{"x":"' + "好" * (OBJECT_BYTES_MAX // 2) + '"}'
    assert refused(text.encode()).reason is Reason.TOO_LARGE


def test_elements_are_limited() -> None:
    assert len(parse(b"[" + b",".join([b"{}"] * ELEMENTS_MAX) + b"]")) == ELEMENTS_MAX
    error = refused(b"[" + b",".join([b"{}"] * (ELEMENTS_MAX + 1)) + b"]")
    assert error.reason is Reason.TOO_LARGE


def test_nesting_is_counted_within_the_element() -> None:
    deepest = NESTING_MAX - 1
    fitting = b'{"x":' + b"[" * deepest + b"]" * deepest + b"}"
    assert parse(fitting) == parse(b"[" + fitting + b"]")[0]  # type: ignore[index]
    deeper = fitting.replace(b"[", b"[[", 1).replace(b"]", b"]]", 1)
    assert refused(deeper).reason is Reason.TOO_DEEP


def test_brackets_in_text_are_no_nesting() -> None:
    text = json.dumps({"x": "[{" * 2000 + '\\"' * 50})
    assert parse(text.encode()) == json.loads(text)


@pytest.mark.parametrize("fragment", ['"', '\\"', "[", '"\\"[', "]", "{", '":['])
def test_hostile_repetition_is_refused_quickly(fragment: str) -> None:
    payload = (fragment * PAYLOAD_BYTES_MAX)[:PAYLOAD_BYTES_MAX].encode()
    assert refused(payload).reason in {Reason.NOT_JSON, Reason.TOO_DEEP}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (r'"\ud800"', Reason.NOT_UTF8),
        (r'"\u0000"', Reason.SCHEMA),
        ("9007199254740993", Reason.SCHEMA),
        ("-9007199254740993", Reason.SCHEMA),
        ("9" * 5000, Reason.SCHEMA),
        ("1e16", Reason.SCHEMA),
        ("1E400", Reason.SCHEMA),
        ("99999999999999999.0", Reason.SCHEMA),
    ],
)
def test_what_no_field_may_hold_refuses_its_element_alone(
    value: str, reason: Reason
) -> None:
    bad = f'{{"event_id":"{EVENT_ID}","x":{{"y":[{value}]}}}}'
    error = refused(bad.encode())
    assert (error.reason, error.event_id) == (reason, EVENT_ID)
    good, spoilt = parse(f'[{{"a":1}},{bad}]'.encode())
    assert good == {"a": 1}
    assert isinstance(spoilt, ProtocolError)
    assert spoilt.reason is reason


@pytest.mark.parametrize(
    "value", ["9007199254740992", "-9007199254740992", r'"\ud83d\ude00"', "1.5e3"]
)
def test_what_is_just_within_the_bounds_is_read(value: str) -> None:
    assert parse(f'{{"x":{value}}}'.encode()) == {"x": json.loads(value)}


def test_split_gives_each_element_as_it_was_sent() -> None:
    payload = b'\xef\xbb\xbf [ {"a": "\\u597d"} ,\n7,{"b":[1, 2]}, "\\ud800" ] '
    assert split(payload) == [b'{"a": "\\u597d"}', b"7", b'{"b":[1, 2]}', b'"\\ud800"']
    assert split(b"[ ]") == []
