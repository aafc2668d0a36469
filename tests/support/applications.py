"""What is alike in all applications of a test process: made once.

Each test of the API has an application of its own. What the framework reads from the
signatures of its 130 endpoints, and the models of their answers, were nine tenths of
what that cost (0.4 s of a core).
"""

from collections.abc import Callable
from dataclasses import fields, replace
from types import FunctionType
from typing import Any

from fastapi import routing
from fastapi._compat.v2 import ModelField
from fastapi.dependencies import utils
from fastapi.dependencies.models import Dependant


def remember() -> None:
    """From now on, in this process."""
    read = _remembering_parameters(utils.get_dependant)
    utils.get_dependant = routing.get_dependant = read  # type: ignore[attr-defined] # as theirs
    made = _remembering_answers(routing.create_model_field)  # type: ignore[attr-defined]
    routing.create_model_field = made  # type: ignore[attr-defined]


def _remembering_parameters(
    read: Callable[..., Dependant],
) -> Callable[..., Dependant]:
    """A method takes the same in all its instances, and one made for a table too."""
    known: dict[object, Dependant] = {}

    def dependant(*, call: Callable[..., object], **options: object) -> Dependant:
        function = getattr(call, "__func__", call)
        if not isinstance(function, FunctionType):
            return read(call=call, **options)
        said = repr((function.__annotations__, function.__defaults__, options))
        key = (function.__code__, said)
        if key not in known:
            known[key] = read(call=call, **options)
        return _taken_by(call, known[key])

    return dependant


def _taken_by(call: Callable[..., object], known: Dependant) -> Dependant:
    """The same for another instance; the framework adds to its lists."""
    lists: dict[str, Any] = {
        field.name: [*value]
        for field in fields(Dependant)
        if isinstance(value := getattr(known, field.name), list)
    }
    return replace(known, call=call, **lists)


def _remembering_answers(
    make: Callable[..., ModelField],
) -> Callable[..., ModelField]:
    known: dict[tuple[object, ...], ModelField] = {}

    def field(*, name: str, type_: object, mode: str) -> ModelField:
        key = (name, type_, mode)
        if key not in known:
            known[key] = make(name=name, type_=type_, mode=mode)
        return known[key]

    return field
