"""The fields of one element, read and judged one at a time, with precise reasons."""

import re
from collections.abc import Collection
from functools import cache
from typing import Final, TypeVar

import msgspec

from device_protocol.errors import ProtocolError, Reason
from device_protocol.json_text import Element, claimed_event_id, claimed_seq
from device_protocol.limits import BOOT_ID_CHARS_MAX, COUNTER_MAX
from device_protocol.messages import Mode
from device_protocol.timestamps import parse_claim

VERSION: Final = 1
_MODES: Final = tuple(mode.value for mode in Mode)
_Shape = TypeVar("_Shape", bound=msgspec.Struct)
_match_fault: Final = re.compile(r"(.*?)(?: - at `\$\.?(.*)`)?", re.DOTALL).fullmatch
_match_missing: Final = re.compile(r"Object missing required field `(.*)`").fullmatch


class Fields:
    """One element. An absent and a null field read alike: None.

    Every reading method raises ProtocolError `schema` when the field is there and is
    not what it should be.
    """

    __slots__ = ("_claimed_id", "_values")

    def __init__(self, values: Element) -> None:
        self._values = values
        self._claimed_id = claimed_event_id(values)

    def error(self, detail: str, reason: Reason = Reason.SCHEMA) -> ProtocolError:
        seq = claimed_seq(self._values)
        return ProtocolError(reason, detail, self._claimed_id, seq)

    def names(self, name: str) -> bool:
        """Whether the field is there, be it null."""
        return name in self._values

    def raw(self, name: str) -> object:
        return self._values.get(name)

    def text(self, name: str, chars_max: int) -> str | None:
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.error(f"{name}: not a string")
        if len(value) > chars_max:
            raise self.error(f"{name}: longer than {chars_max} characters")
        return value

    def choice(self, name: str, options: Collection[str]) -> str | None:
        value = self._values.get(name)
        if value is None or (isinstance(value, str) and value in options):
            return value
        raise self.error(f"{name}: not one of {', '.join(options)}")

    def integer(self, name: str, low: int, high: int) -> int | None:
        """An integer, also written with a zero fraction: 5.0 is 5."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"{name}: not an integer")
        if not low <= value <= high or value != int(value):
            raise self.error(f"{name}: not an integer {low}…{high}")
        return int(value)

    def flag(self, name: str) -> bool | None:
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self.error(f"{name}: not true or false")

    def sequence(self, name: str, count_max: int) -> list[object] | None:
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.error(f"{name}: not an array")
        if len(value) > count_max:
            raise self.error(f"{name}: more than {count_max} elements")
        return value

    def texts(
        self, name: str, count_max: int, chars_max: int
    ) -> tuple[str, ...] | None:
        values = self.sequence(name, count_max)
        if values is None:
            return None
        found = tuple(value for value in values if isinstance(value, str))
        if len(found) < len(values) or any(len(text) > chars_max for text in found):
            raise self.error(f"{name}: not strings of at most {chars_max} characters")
        return found

    def part(self, name: str, value: object) -> "Fields":
        """An object inside this element, whose faults are this element's."""
        if not isinstance(value, dict):
            raise self.error(f"{name}: not an object")
        inner = Fields(value)
        inner._claimed_id = self._claimed_id
        return inner

    def claim(self) -> int | str | None:
        """`occurred_at`: an instant in ms, or fourteen local digits."""
        value = self._values.get("occurred_at")
        if value is None:
            return None
        try:
            return parse_claim(value)
        except ValueError as error:
            raise self.error(f"occurred_at: {error}") from None

    def shaped(self, shape: type[_Shape]) -> _Shape:
        """The fields that a shape of `wire` knows; null ones are absent.

        Numbers are normalised: 5.0 is 5, at any depth.
        """
        known = {
            name: normalised(self._values[name])
            for name in shape.__struct_fields__
            if self._values.get(name) is not None
        }
        try:
            return msgspec.convert(known, shape)
        except msgspec.ValidationError as error:
            raise self.error(_in_words(str(error), shape)) from None

    def unknown(self, known: Collection[str]) -> int:
        """How many fields nobody reads."""
        return sum(name not in known for name in self._values)

    def expect_common(self, device_id: str) -> None:
        """Judge what every uplink message may carry and none of them keeps.

        Raises:
            ProtocolError: `unsupported_version`, `identity_mismatch` or `schema`.
        """
        version = self.integer("v", -COUNTER_MAX, COUNTER_MAX)
        if version is None:
            raise self.error("v: missing")
        if version != VERSION:
            raise self.error(f"v: {version}", Reason.UNSUPPORTED_VERSION)
        claimed_device = self.raw("device_id")
        if claimed_device is not None and not isinstance(claimed_device, str):
            raise self.error("device_id: not a string")
        if claimed_device is not None and claimed_device != device_id:
            raise self.error("device_id: not the topic's", Reason.IDENTITY_MISMATCH)
        self.flag("buffered")
        self.integer("retry", -COUNTER_MAX, COUNTER_MAX)

    def event_id(self) -> str:
        if self._claimed_id is None:
            fault = "missing" if self.raw("event_id") is None else "malformed"
            raise self.error(f"event_id: {fault}")
        return self._claimed_id

    def mode(self) -> str | None:
        return self.choice("mode", _MODES)

    def boot_id(self) -> str | None:
        return self.text("boot_id", BOOT_ID_CHARS_MAX)

    def counter(self, name: str) -> int | None:
        return self.integer(name, 0, COUNTER_MAX)


def normalised(value: object) -> object:
    """A JSON value whose integral numbers are integers."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [normalised(one) for one in value]
        case dict():
            return {name: normalised(one) for name, one in value.items()}
        case _:
            return value


def _in_words(fault: str, shape: type[msgspec.Struct]) -> str:
    """What msgspec says of a fault, with the field's name first."""
    found = _match_fault(fault)
    text, path = (found[1], found[2] or "") if found else (fault, "")
    missing = _match_missing(text)
    if missing is not None:
        return f"{path}.{missing[1]}: missing".removeprefix(".")
    options = _options(shape).get(path)
    if options is not None:
        return f"{path}: not one of {options}"
    return f"{path}: {text[:1].lower()}{text[1:]}"


@cache
def _options(shape: type[msgspec.Struct]) -> dict[str, str]:
    """The values of each field that has a list of them."""
    kind = msgspec.inspect.type_info(shape)
    assert isinstance(kind, msgspec.inspect.StructType)
    found = {}
    for field in kind.fields:
        types = getattr(field.type, "types", (field.type,))
        for one in types:
            if isinstance(one, msgspec.inspect.LiteralType):
                found[field.name] = ", ".join(map(str, one.values))
    return found
