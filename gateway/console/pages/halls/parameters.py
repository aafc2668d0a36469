"""Values that people give to terminals: a field for each parameter of a command."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final

import msgspec
from msgspec import inspect
from nicegui import ui

from fleet.commands.catalogue import COMMANDS
from gateway.console.wording import Words

_OWN_CHARS_MAX: Final = 4_000


def value_of(text: str) -> object:
    """What somebody typed: JSON, or else text."""
    try:
        decoded: object = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return decoded


def written(value: object) -> str:
    """A value as somebody would type it: 40, on, "40" (a text of digits)."""
    if isinstance(value, str) and value_of(value) == value:
        return value
    return msgspec.json.encode(value).decode()


class Fields:
    """The parameters of a command; those of a maker's own are one JSON object."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._place = ui.element("div").classes("console-fields")
        self._read: dict[str, Callable[[], object]] = {}
        self._own: ui.input | None = None

    def draw(self, command: str) -> None:
        """Ask for those of another command."""
        self._read, self._own = {}, None
        self._place.clear()
        shape = COMMANDS.get(command)
        with self._place:
            if shape is None:
                field = ui.input(self._words("own_parameters"))
                self._own = field.props(f"dense outlined maxlength={_OWN_CHARS_MAX}")
                return
            told = inspect.type_info(shape)
            assert isinstance(told, inspect.StructType), "commands are structs"
            for one in told.fields:
                self._read[one.name] = self._field(one)

    def given(self) -> dict[str, Any]:
        """What was filled in.

        Raises:
            msgspec.DecodeError: the parameters of a maker's own command are no object.
        """
        if self._own is not None:
            text = str(self._own.value or "").strip()
            return msgspec.json.decode(text or "{}", type=dict[str, Any])
        filled = {name: read() for name, read in self._read.items()}
        return {name: it for name, it in filled.items() if it not in (None, "")}

    def _field(self, field: inspect.Field) -> Callable[[], object]:
        label = self._words.known("parameter", field.name)
        default = None if field.default is msgspec.NODEFAULT else field.default
        kind = _kind(field.type)
        if isinstance(kind, inspect.IntType):
            number = ui.number(
                label, value=default, min=kind.ge, max=kind.le, precision=0
            )
            number.props("dense outlined")
            return lambda: None if number.value is None else int(number.value)
        if isinstance(kind, inspect.StrType):
            text = ui.input(label).props("dense outlined")
            text.props["maxlength"] = kind.max_length
            return lambda: str(text.value or "").strip()
        values = _values(kind)
        named = {it: self._words.known(field.name, str(it)) for it in values}
        if not field.required:
            named = {None: self._words("any_value"), **named}
        chosen = values[0] if field.required else None
        select = ui.select(named, value=chosen, label=label)
        select.props("dense outlined options-dense")
        return lambda: select.value


def _kind(type_: inspect.Type) -> inspect.Type:
    """What a value is of when it is given."""
    if isinstance(type_, inspect.UnionType):
        return next(it for it in type_.types if not isinstance(it, inspect.NoneType))
    return type_


def _values(type_: inspect.Type) -> list[Any]:
    if isinstance(type_, inspect.EnumType):
        return [one.value for one in list[Enum](type_.cls)]
    assert isinstance(type_, inspect.LiteralType), "numbers, texts and choices"
    return list(type_.values)
