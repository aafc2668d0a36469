"""A foreign message's fields under the protocol's names, their values converted."""

from collections.abc import Mapping
from typing import Final

from device_protocol.fields import VERSION
from device_protocol.json_text import Element
from device_protocol.profiles.model import ChannelMapping, Places

_INTEGER_CHARS_MAX: Final = 17
"""Longer digits are no number that the protocol takes."""


class Translation:
    """How the fields of one channel are found and converted.

    `find` renames, and leaves values as they were sent; `convert` maps the values.
    """

    def __init__(self, mapping: ChannelMapping) -> None:
        self._mapping = mapping
        self._plain: list[tuple[str, str]] = []
        self._placed: list[tuple[str, tuple[tuple[str, ...], ...]]] = []
        for name, places in mapping.fields.items():
            self._add(name, places)
        paths = [path for _, many in self._placed for path in many]
        self._taken = {place for _, place in self._plain} | {path[0] for path in paths}

    def _add(self, name: str, places: Places) -> None:
        if isinstance(places, str) and "." not in places and "." not in name:
            self._plain.append((name, places))
            return
        many = (places,) if isinstance(places, str) else places
        self._placed.append((name, tuple(tuple(one.split(".")) for one in many)))

    def find(self, element: Element) -> tuple[Element, int]:
        """The fields under the protocol's names, and how many nobody reads."""
        mapping, taken = self._mapping, self._taken
        found: Element = {}
        unknown = 0
        for name, value in element.items():
            if name in taken:
                continue
            if mapping.own_names and name not in mapping.fields:
                found[name] = value
            else:
                unknown += 1
        for name, place in self._plain:
            if place in element:
                found[name] = element[place]
        for name, paths in self._placed:
            values = [_value_at(element, path) for path in paths]
            if None not in values:
                _put(found, name, values[0] if len(values) == 1 else _joined(values))
        if isinstance(items := found.get("items"), list):
            found["items"] = [self._item(item) for item in items]
        return found, unknown

    def _item(self, item: object) -> object:
        """An item whose fields have other names."""
        names = self._mapping.item
        if not isinstance(item, dict) or (names.code, names.level) == ("code", "level"):
            return item
        renamed = {"code": item.get(names.code), "level": item.get(names.level)}
        taken = {names.code, names.level, *renamed}
        return renamed | {k: v for k, v in item.items() if k not in taken}

    def convert(self, sent: Element) -> Element:
        """The values as the protocol has them; what no rule fits stays as it is."""
        mapping = self._mapping
        values = dict(sent)
        for name, constant in mapping.constants.items():
            around = name.partition(".")[0] if "." in name else None
            if _get(values, name) is None and (around is None or values.get(around)):
                _put(values, name, constant)
        if values.get("v") is None:
            values["v"] = VERSION
        for name, table in mapping.values.items():
            value = _get(values, name)
            if (key := _key(value)) in table:
                _put(values, name, table[key])
        for name in mapping.texts:
            _put_if_there(values, name, _as_text(_get(values, name)))
        for name in mapping.numbers:
            _put_if_there(values, name, _as_number(_get(values, name)))
        for name, mark in mapping.splits.items():
            if isinstance(text := values.get(name), str):
                parts = (part.strip() for part in text.split(mark))
                values[name] = [part for part in parts if part]
        return values


def _value_at(element: Element, path: tuple[str, ...]) -> object:
    value: object = element
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _joined(values: list[object]) -> str:
    return " ".join(str(value) for value in values)


def _get(values: Mapping[str, object], name: str) -> object:
    outer, dot, inner = name.partition(".")
    value = values.get(outer)
    if not dot:
        return value
    return value.get(inner) if isinstance(value, dict) else None


def _put(values: Element, name: str, value: object) -> None:
    """Set a field; `contact.kind` makes the object around it, and shares none."""
    outer, dot, inner = name.partition(".")
    if not dot:
        values[name] = value
        return
    around = values.get(outer)
    values[outer] = {**(around if isinstance(around, dict) else {}), inner: value}


def _put_if_there(values: Element, name: str, value: object) -> None:
    if value is not None:
        _put(values, name, value)


def _key(value: object) -> str | None:
    """A value as tables of values write it: numbers as digits, true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip()
    return str(_as_text(value)) if isinstance(value, int | float) else None


def _as_text(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(int(value)) if value == int(value) else str(value)


def _as_number(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if len(text) <= _INTEGER_CHARS_MAX and text.removeprefix("-").isdecimal():
        return int(text)
    return value
