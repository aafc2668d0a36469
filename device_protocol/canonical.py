"""Canonical JSON, as RFC 8785 has it: one text for one value.

Keys sorted by UTF-16 code units, no white space, the shortest digits of a number, only
the escapes that JSON needs.
"""

from decimal import Decimal
from typing import Final

import msgspec

_encode: Final = msgspec.json.Encoder().encode
# ECMAScript writes smaller numbers with an exponent.
_PLAIN_MIN: Final = 1e-6


def canonical_json(value: object) -> bytes:
    """The canonical bytes of a JSON value; a struct is an object without its Nones."""
    return _encode(_ordered(value))


def _ordered(value: object) -> object:
    match value:
        case float():
            return _number(value)
        case list() | tuple():
            return [_ordered(one) for one in value]
        case dict():
            return {name: _ordered(value[name]) for name in sorted(value, key=_units)}
        case msgspec.Struct():
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            return _ordered({k: v for k, v in fields.items() if v is not None})
        case _:
            return value


def _units(name: str) -> bytes:
    return name.encode("utf-16-be")


def _number(value: float) -> object:
    """A number of at most ±2^53 as ECMAScript writes it."""
    if value.is_integer():
        return int(value)
    digits = repr(value)
    if abs(value) >= _PLAIN_MIN:
        return msgspec.Raw(format(Decimal(digits), "f").encode())
    return msgspec.Raw(digits.replace("e-0", "e-").encode())
