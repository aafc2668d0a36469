"""Bytes as JSON values: the limits and the grammar, before any field is looked at.

A fault of the text (size, encoding, grammar) refuses a payload whole. A fault inside
one element of an array refuses that element alone.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Final, NoReturn

import msgspec

from device_protocol.errors import ProtocolError, Reason
from device_protocol.identity import is_event_id
from device_protocol.limits import (
    COUNTER_MAX,
    ELEMENTS_MAX,
    INTEGER_MAX,
    NESTING_MAX,
    NESTING_WHOLE_MAX,
    OBJECT_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
)

Element = dict[str, object]

_BOM: Final = b"\xef\xbb\xbf"
_split_fast: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_INTEGER_CHARS_MAX: Final = 17
_skip_space: Final = re.compile(r"[ \t\n\r]*").match
# An unclosed string runs to the end, or the search would be quadratic.
_drop_all_but_brackets: Final = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[^"\[\]{}]+', re.DOTALL
).sub
# Nothing `_find_fault` looks for is in a text without one of these.
_find_suspect: Final = re.compile(r"\\u|[0-9]{16}|[0-9][eE][+0-9]").search


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parse_integer(digits: str) -> float:
    """An integer; infinity stands for one far beyond what is allowed."""
    return int(digits) if len(digits) <= _INTEGER_CHARS_MAX else math.inf


_decode_value: Final = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_int=_parse_integer
).raw_decode


def parse(payload: bytes) -> Element | list[Element | ProtocolError]:
    """The object in a payload, or the elements of its array, each judged alone.

    Raises:
        ProtocolError: the payload is refused whole.
    """
    return parse_text(_decode_text(payload))


def parse_text(text: str) -> Element | list[Element | ProtocolError]:
    """As `parse`, of a text that came in another character set.

    Raises:
        ProtocolError: the payload is refused whole.
    """
    _expect_shallow(text)
    start = after_space(text, 0)
    if text[start : start + 1] == "[":
        found = list(_array_values(text, start))
        return [_element_or_error(value, source) for value, source in found]
    value, end = _value_at(text, start)
    _expect_end(text, end)
    return _element(value, text[start:end])


def split(payload: bytes) -> list[bytes]:
    """The bytes of each element of an array that `parse` has read."""
    payload = payload.removeprefix(_BOM)
    try:
        return [bytes(raw) for raw in _split_fast(payload)]
    except msgspec.MsgspecError:  # stricter than `parse` inside an element
        return [source.encode() for source in split_text(payload.decode())]


def split_text(text: str) -> list[str]:
    """The text of each element of an array that `parse_text` has read."""
    return [source for _, source in _array_values(text, after_space(text, 0))]


def _decode_text(payload: bytes) -> str:
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise ProtocolError(Reason.TOO_LARGE, f"payload of {len(payload)} bytes")
    try:
        return payload.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(
            Reason.NOT_UTF8, f"byte {error.start}: {error.reason}"
        ) from None


def _expect_shallow(text: str) -> None:
    """Refuse what a recursive parser could not be given."""
    if _count_openings(text) <= NESTING_WHOLE_MAX:
        return
    brackets = _drop_all_but_brackets("", text)
    # Pairs vanish from the inside; what stays is too deep, or never closed.
    for _ in range(NESTING_MAX):
        brackets = brackets.replace("[]", "").replace("{}", "")
    if len(brackets) > NESTING_WHOLE_MAX:
        raise ProtocolError(Reason.TOO_DEEP, f"{len(brackets)} brackets in brackets")


def after_space(text: str, at: int) -> int:
    """Where the next token of JSON begins."""
    match = _skip_space(text, at)
    return at if match is None else match.end()


def _value_at(text: str, at: int) -> tuple[object, int]:
    try:
        return _decode_value(text, at)
    except ValueError as error:
        raise ProtocolError(Reason.NOT_JSON, str(error)) from None


def _expect_end(text: str, end: int) -> None:
    if after_space(text, end) != len(text):
        raise ProtocolError(Reason.NOT_JSON, f"text after the value: char {end}")


def _array_values(text: str, start: int) -> Iterator[tuple[object, str]]:
    """Each value of the array at `start`, with its source text."""
    at = after_space(text, start + 1)
    count = 0
    closed = text[at : at + 1] == "]"
    while not closed:
        count += 1
        if count > ELEMENTS_MAX:
            raise ProtocolError(Reason.TOO_LARGE, f"more than {ELEMENTS_MAX} elements")
        value, end = _value_at(text, at)
        yield value, text[at:end]
        at = after_space(text, end)
        mark = text[at : at + 1]
        closed = mark == "]"
        if not closed and mark != ",":
            raise ProtocolError(Reason.NOT_JSON, f"expected , or ]: char {at}")
        at = at if closed else after_space(text, at + 1)
    _expect_end(text, at + 1)


def _element_or_error(value: object, source: str) -> Element | ProtocolError:
    try:
        return _element(value, source)
    except ProtocolError as error:
        return error.with_traceback(None)


def _element(value: object, source: str) -> Element:
    if not isinstance(value, dict):
        raise ProtocolError(Reason.SCHEMA, "not an object")
    claimed = claimed_event_id(value), claimed_seq(value)
    size = len(source.encode())
    if size > OBJECT_BYTES_MAX:
        raise ProtocolError(Reason.TOO_LARGE, f"object of {size} bytes", *claimed)
    if _count_openings(source) > NESTING_MAX or _find_suspect(source):
        fault = _find_fault(value)
        if fault is not None:
            raise ProtocolError(*fault, *claimed)
    return value


def _count_openings(text: str) -> int:
    return text.count("[") + text.count("{")


def claimed_event_id(element: Element) -> str | None:
    """The `event_id` of an element that may be broken otherwise."""
    claimed = element.get("event_id")
    return claimed if isinstance(claimed, str) and is_event_id(claimed) else None


def claimed_seq(element: Element) -> int | None:
    """As `claimed_event_id`, of its number."""
    claimed = element.get("seq")
    if isinstance(claimed, bool) or not isinstance(claimed, int | float):
        return None
    whole = 0 <= claimed <= COUNTER_MAX and claimed == int(claimed)
    return int(claimed) if whole else None


def _find_fault(element: Element) -> tuple[Reason, str] | None:
    """What no field may hold, known or not: depth, text or number out of bounds."""
    stack: list[tuple[object, int]] = [(element, 1)]
    while stack:
        value, depth = stack.pop()
        children: list[object] = []
        if isinstance(value, dict):
            children = [*value, *value.values()]
        elif isinstance(value, list):
            children = value
        else:
            fault = _scalar_fault(value)
            if fault is not None:
                return fault
            continue
        if depth > NESTING_MAX:
            return Reason.TOO_DEEP, f"nested deeper than {NESTING_MAX}"
        stack.extend((child, depth + 1) for child in children)
    return None


def _scalar_fault(value: object) -> tuple[Reason, str] | None:
    if isinstance(value, str):
        if "\0" in value:
            return Reason.SCHEMA, "a NUL character"
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            return Reason.NOT_UTF8, "a lone surrogate"
    elif isinstance(value, int | float) and abs(value) > INTEGER_MAX:
        return Reason.SCHEMA, "a number beyond 2^53"
    return None
