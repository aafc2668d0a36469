"""InfluxDB line protocol, read strictly: one line, one point, or an error."""

import re
from typing import Final, NamedTuple

FieldValue = int | float | str | bool

_NS: Final = {
    "ns": 1, "n": 1, "us": 1_000, "u": 1_000, "ms": 1_000_000, "s": 1_000_000_000,
    "m": 60_000_000_000, "h": 3_600_000_000_000,
}  # fmt: skip
_INT64: Final = 1 << 63
_NAME: Final = r"(?:\\.|[^,= \\])+"
_MEASUREMENT: Final = re.compile(r"(?:\\.|[^, \\])+")
_TAG: Final = re.compile(rf",({_NAME})=({_NAME})")
_STRING: Final = r'"(?:\\.|[^"\\])*"'
_FIELD: Final = re.compile(rf'({_NAME})=({_STRING}|[^, "]+)(,|(?= )|$)', re.DOTALL)
_SPACE: Final = re.compile(r"(?<!\\) ")
_TIME: Final = re.compile(r" +(-?\d+) *$")
_ESCAPED: Final = re.compile(r"\\([,= \\])")
_BOOLEANS: Final = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}


class LineError(ValueError):
    """A line that InfluxDB would refuse, with the reason in its words."""


class Point(NamedTuple):
    """One point: `series` is the measurement and its tags in canonical order."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: dict[str, FieldValue]
    time_ns: int | None

    @property
    def series(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        return (self.measurement, self.tags)


def without_time(line: str) -> str:
    """A point's line without its time stamp, if it has one."""
    return _TIME.sub("", line)


def is_precision(name: str) -> bool:
    return name in _NS


def split_lines(body: str) -> list[str]:
    """Split a batch; a newline inside a quoted field belongs to its line."""
    lines: list[str] = []
    pending = ""
    for piece in body.split("\n"):
        pending += piece
        if _string_is_open(pending):
            pending += "\n"
            continue
        if pending.strip() and not pending.startswith("#"):
            lines.append(pending)
        pending = ""
    return [*lines, pending] if pending else lines


def _string_is_open(line: str) -> bool:
    if '"' not in line:
        return False
    fields = _SPACE.split(line, maxsplit=1)[-1]
    return re.sub(r"\\.", "", fields, flags=re.DOTALL).count('"') % 2 == 1


def parse_line(line: str, precision: str = "ns") -> Point:
    """Read one line; its time is None when it carries none.

    Raises:
        LineError: not a point.

    """
    head = _MEASUREMENT.match(line)
    if head is None:
        raise LineError("missing measurement")
    place = head.end()
    tags: dict[str, str] = {}
    while tag := _TAG.match(line, place):
        if _plain(tag[1]) in tags:
            raise LineError("duplicate tags")
        tags[_plain(tag[1])] = _plain(tag[2])
        place = tag.end()
    if not line.startswith(" ", place):
        raise LineError("missing fields" if place == len(line) else "invalid tag")
    fields, place = _fields(line, place)
    return Point(
        measurement=_plain(head[0]),
        tags=tuple(sorted(tags.items())),
        fields=fields,
        time_ns=_time_ns(line, place, precision),
    )


def _fields(line: str, place: int) -> tuple[dict[str, FieldValue], int]:
    place += len(line[place:]) - len(line[place:].lstrip(" "))
    fields: dict[str, FieldValue] = {}
    while True:
        found = _FIELD.match(line, place)
        if found is None:
            raise LineError("missing fields" if not fields else "invalid field format")
        fields[_plain(found[1])] = _value(found[2])
        place = found.end()
        if found[3] != ",":
            return fields, place


def _value(text: str) -> FieldValue:
    if text.startswith('"'):
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    try:
        if text.endswith("i"):
            return _int64(text[:-1])
        number = float(text)
    except ValueError as error:
        raise LineError("invalid number") from error
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - the test for NaN
        raise LineError("invalid number")
    return number


def _int64(text: str) -> int:
    number = int(text)
    if not -_INT64 <= number < _INT64 or "_" in text:
        raise ValueError("value out of range")
    return number


def _time_ns(line: str, place: int, precision: str) -> int | None:
    if not line[place:].strip(" "):
        return None
    found = _TIME.match(line, place)
    if found is None:
        raise LineError("bad timestamp")
    time_ns = int(found[1]) * _NS[precision]
    if not -_INT64 < time_ns < _INT64:
        raise LineError("time outside range")
    return time_ns


def _plain(name: str) -> str:
    return _ESCAPED.sub(r"\1", name) if "\\" in name else name
