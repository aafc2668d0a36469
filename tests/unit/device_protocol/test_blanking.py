"""What tells of a person leaves the text of a message; all else is read as before."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_protocol.blanking import OWN_PATHS, blanked
from device_protocol.codec import reader_of
from device_protocol.errors import ProtocolError
from device_protocol.rating import CONTACT_KINDS
from device_protocol.topics import Channel

READ = reader_of(Channel.RATING)
SECRET = "S3CRET"


def told(payload: str) -> object:
    """What a reader makes of it, apart from the personal fields and their hash."""
    try:
        found = READ("dev-1", payload.encode("utf-8", "surrogatepass"))
    except ProtocolError as error:
        return error.reason, error.event_id
    if isinstance(found, list):
        return [one.event_id for one in found]
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    for name in ("comment", "contact", "content_hash"):
        fields[name] = fields[name] is not None
    return fields


def without(payload: str, element: int = 0) -> str:
    return blanked(payload, element, OWN_PATHS, CONTACT_KINDS).text


PAYLOADS = [
    {"comment": SECRET},
    {"comment": ""},
    {"comment": SECRET * 200},
    {"comment": SECRET * 3000},
    {"comment": "e\u0301" * 400 + SECRET},
    {"comment": f"{SECRET}\0"},
    {"comment": f"{SECRET}\ud800"},
    {"comment": [SECRET, {SECRET: SECRET}]},
    {"comment": None, "contact": {"kind": "phone", "value": SECRET}},
    {"contact": {"kind": SECRET, "value": "1"}},
    {"contact": {"kind": "email", "value": SECRET * 11}},
    {"contact": {"kind": "email", "value": 13800138000, SECRET: SECRET}},
    {"contact": SECRET},
    {"comment": SECRET * 60, "contact": {"kind": "phone", "value": SECRET}},
    {"comment": SECRET, "reasons": ["x" * 400 for _ in range(50)]},
    {"comment": 10**30, "mode": "test"},
    {"comment": [float("nan"), float("-inf")]},
    {"level": ..., "comment_for": "event-0009", "comment": SECRET},
    {"session_id": "comment", "employee_id": "contact"},
]


@pytest.mark.parametrize("fields", PAYLOADS)
def test_the_message_is_read_as_before(fields: dict[str, object]) -> None:
    body = {"v": 1, "event_id": "event-0001", "level": 5, **fields}
    body = {name: value for name, value in body.items() if value is not ...}
    payload = json.dumps(body)
    after = without(payload)
    assert told(after) == told(payload)
    assert SECRET not in after
    assert "13800138000" not in after
    assert without(after) == after


def test_every_other_character_stays() -> None:
    payload = (
        '\ufeff { "level" : 5.0 ,\n"comment":"a\\"}","x":{"comment":"b"},"v":1 }\n'
    )
    assert without(payload) == payload.replace('"a\\"}"', '"*"')


def test_a_name_that_is_escaped_or_comes_twice_is_found() -> None:
    payload = '{"\\u0063omment": "one", "comment": "two"}'
    assert without(payload) == '{"\\u0063omment": "*", "comment": "*"}'


def test_only_the_element_meant_is_blanked() -> None:
    payload = '[{"comment":"a"}, [1], {"comment":"b"},{"comment":"c"}]'
    found = blanked(payload, 2, OWN_PATHS)
    assert found.text == payload.replace('"b"', '"*"')
    assert found.element == '{"comment":"b"}'


def test_values_below_other_names_are_found_where_they_stand() -> None:
    payload = '{"data": {"tel": 13800138000, "kind": 1, "n": 1}, "comment": "a"}'
    paths = [("data", "tel"), ("data", "kind"), ("comment",)]
    text = blanked(payload, 0, paths, {"1"}).text
    assert text == '{"data": {"tel": 0, "kind": 1, "n": 1}, "comment": "*"}'


@pytest.mark.parametrize("payload", ["", "[", '{"comment": "a', '[{"a":1}]x', "[1 2]"])
def test_what_is_no_message_is_refused(payload: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        blanked(payload, 3, OWN_PATHS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_whatever_stands_there_the_message_keeps_its_fate(
    comment: object, contact: object
) -> None:
    body = {"v": 1, "event_id": "event-0001", "level": 5}
    payload = json.dumps({**body, "comment": comment, "contact": contact})
    after = without(payload)
    assert told(after) == told(payload)
    assert without(after) == after
