"""Takes what a message says about a person out of its text, and nothing else.

Each value becomes one of the same type that breaks the same rules and no others, so
that the message is read, or refused, as before. Every other character stays.
"""

import json
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple
from unicodedata import normalize

from device_protocol.json_text import after_space
from device_protocol.limits import (
    COMMENT_CHARS_MAX,
    CONTACT_CHARS_MAX,
    INTEGER_MAX,
    OBJECT_BYTES_MAX,
)

Path = tuple[str, ...]
"""The names that lead to a value."""

OWN_PATHS: Final[tuple[Path, ...]] = (("comment",), ("contact",))
"""Where the protocol itself has what is personal."""

BLANK: Final = "*"
NUMBER_BEYOND: Final = "9" * 17
_BOM: Final = "\ufeff"
_NAMES: Final = frozenset({"kind", "value"})
_NO_NUMBERS: Final = ("NaN", "Infinity")  # which JSON does not know
_SURROGATE: Final = "\ud800"


class _Numeral(str):
    """The digits of a number, which may be too many for one."""

    __slots__ = ()


_scan: Final = json.JSONDecoder(
    parse_int=_Numeral, parse_float=_Numeral, parse_constant=_Numeral
).raw_decode


class Blanked(NamedTuple):
    """The text without its personal values, and the element as it had been sent."""

    text: str
    element: str


def blanked(
    text: str, element: int, paths: Collection[Path], kept: Collection[str] = ()
) -> Blanked:
    """Blank the values at `paths` of the object, or of one element of an array.

    Values in `kept` are codes that tell of nobody, and stay.

    Raises:
        ValueError: it is not JSON, or has no such element.
    """
    try:
        start, end = _element(text, element)
        source = text[start:end]
        spans = _outermost({s for path in paths for s in _spans(source, 0, path)})
    except (IndexError, RecursionError) as error:
        raise ValueError("not the text of a message") from error
    blanker = _Blanker(kept, {name for path in paths for name in path} | _NAMES)
    parts, at = [], 0
    for first, last in spans:
        parts += [source[at:first], blanker.value(_scan(source, first)[0])]
        at = last
    fresh = _as_large("".join([*parts, source[at:]]), source)
    return Blanked(text[:start] + fresh + text[end:], source)


def _element(text: str, index: int) -> tuple[int, int]:
    """Where an element of an array stands, or the one object that there is."""
    at = after_space(text, len(_BOM) if text.startswith(_BOM) else 0)
    if text[at] != "[":
        return at, _scan(text, at)[1]
    at = after_space(text, at + 1)
    for _ in range(index):
        at = after_space(text, _scan(text, at)[1])
        if text[at] != ",":
            raise ValueError("no such element")
        at = after_space(text, at + 1)
    return at, _scan(text, at)[1]


def _spans(text: str, at: int, path: Path) -> Iterator[tuple[int, int]]:
    """Where the values at a path stand: a name may come twice."""
    if text[at] != "{":
        return
    for name, start, end in _members(text, at):
        if name != path[0]:
            continue
        if len(path) == 1:
            yield start, end
        else:
            yield from _spans(text, start, path[1:])


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Each name of an object, and where its value stands."""
    at = after_space(text, at + 1)
    while text[at] != "}":
        name, end = _scan(text, at)
        start = after_space(text, after_space(text, end) + 1)
        end = _scan(text, start)[1]
        yield name, start, end
        at = after_space(text, end)
        if text[at] == ",":
            at = after_space(text, at + 1)


def _outermost(spans: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not chosen or start >= chosen[-1][1]:
            chosen.append((start, end))
    return chosen


class _Blanker(NamedTuple):
    """Values in `kept` and names in `names` tell of nobody."""

    kept: Collection[str]
    names: Collection[str]

    def value(self, value: object) -> str:
        """The JSON text that takes the place of a value."""
        if isinstance(value, dict):
            members = enumerate(value.items(), 1)
            return _joined("{}", (self._member(n, *one) for n, one in members))
        if isinstance(value, list):
            return _joined("[]", (self.value(one) for one in value))
        if isinstance(value, str) and value.strip() in self.kept:
            return value if isinstance(value, _Numeral) else json.dumps(value)
        if isinstance(value, _Numeral):
            return _digits(value)
        return json.dumps(_characters(value) if isinstance(value, str) else value)

    def _member(self, number: int, name: str, value: object) -> str:
        shown = name if name in self.names else BLANK * number
        return f"{json.dumps(shown)}: {self.value(value)}"


def _joined(brackets: str, parts: Iterator[str]) -> str:
    return brackets[0] + ", ".join(parts) + brackets[1]


def _digits(number: str) -> str:
    if number.endswith(_NO_NUMBERS):
        return number
    return "0" if abs(float(number)) <= INTEGER_MAX else NUMBER_BEYOND


def _characters(text: str) -> str:
    """As long as matters: what may not be longer than a bound stays beyond it."""
    if "\0" in text:
        return "\0"
    if any("\ud800" <= char <= "\udfff" for char in text):
        return _SURROGATE
    length = len(normalize("NFC", text))
    if length > COMMENT_CHARS_MAX:
        return BLANK * max(length, len(text.encode()))
    if length > CONTACT_CHARS_MAX:
        return BLANK * (CONTACT_CHARS_MAX + 1)
    return BLANK if text else ""


def _as_large(text: str, source: str) -> str:
    """An object that was too large stays too large."""
    missing = OBJECT_BYTES_MAX + 1 - len(text.encode())
    if missing <= 0 or len(source.encode("utf-8", "surrogatepass")) <= OBJECT_BYTES_MAX:
        return text
    return text[0] + " " * missing + text[1:]
