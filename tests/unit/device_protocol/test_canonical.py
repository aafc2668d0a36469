import json
import random
import struct

import pytest

from device_protocol.canonical import canonical_json
from device_protocol.messages import Check


# Numbers of RFC 8785, appendix B, as far as the protocol allows them.
@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (-5e-324, "-5e-324"),
        (9007199254740992.0, "9007199254740992"),
        (-9007199254740992.0, "-9007199254740992"),
        (333333333.3333332, "333333333.3333332"),
        (333333333.33333325, "333333333.33333325"),
        (-333333333.33333343, "-333333333.33333343"),
        (1424953923781206.2, "1424953923781206.2"),
        (0.000001, "0.000001"),
        (9.999999e-7, "9.999999e-7"),
        (1.5e-10, "1.5e-10"),
        (5.0, "5"),
        (1e15, "1000000000000000"),
    ],
)
def test_numbers_are_written_as_rfc_8785_has_them(number: float, text: str) -> None:
    assert canonical_json(number) == text.encode()


def test_every_number_reads_back_as_itself() -> None:
    dice = random.Random(7)
    for _ in range(5_000):
        (number,) = struct.unpack("<d", dice.randbytes(8))
        if abs(number) <= 2**53:
            assert json.loads(canonical_json(number)) == number


def test_keys_are_sorted_by_utf_16_units_at_any_depth() -> None:
    value = {"\uff01": 1, "\U0001f600": [{"b": 1, "a": 2}], "": None, "B": True}
    expected = '{"":null,"B":true,"\U0001f600":[{"a":2,"b":1}],"\uff01":1}'
    assert canonical_json(value) == expected.encode()


def test_a_struct_is_an_object_without_its_absent_fields() -> None:
    assert canonical_json([Check("a", "pass")]) == b'[{"code":"a","result":"pass"}]'


def test_only_what_json_needs_is_escaped() -> None:
    text = '"\\/\b\t\n\f\r\x01\x7f\u2028é'
    assert (
        canonical_json(text) == '"\\"\\\\/\\b\\t\\n\\f\\r\\u0001\x7f\u2028é"'.encode()
    )
