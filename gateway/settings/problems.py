"""What is wrong with a configuration, one line a fault, each saying what to do."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.errors import PermanentError

_LINES = {
    "missing": "is missing: add it",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text in quotes",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "model_type": "must be a table",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "timezone_aware": "must have an offset, like 2026-01-01T00:00:00+08:00",
    "path_type": "must be a path in quotes",
}


class SettingsError(PermanentError):
    """A configuration that cannot be used; `problems` has one line a fault."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def settings_error(root: type[BaseModel], error: ValidationError) -> SettingsError:
    """The faults that pydantic found under `root`, in our words."""
    details = error.errors(include_url=False, include_input=False)
    faulty = {detail["loc"][:-1] for detail in details}
    lines = dict.fromkeys(
        _line(root, detail)
        for detail in details
        if not (detail["type"] == "too_short" and detail["loc"] in faulty)
    )  # a list is short only as its entries were not taken
    return SettingsError(*lines)


def _line(root: type[BaseModel], detail: ErrorDetails) -> str:
    path = detail["loc"]
    where = dotted(path)
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key{_nearest(root, path)}"
    if detail["type"] in {"value_error", "assertion_error"}:
        text = str(detail["ctx"]["error"])
    elif (form := _LINES.get(detail["type"])) is not None:
        text = form.format_map(detail.get("ctx", {}))
    else:
        text = detail["msg"]
    return f"{where}: {text}" if where else text


def dotted(path: Sequence[int | str]) -> str:
    """`("influxdb", 0, "url")` as `influxdb[0].url`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _nearest(root: type[BaseModel], path: Sequence[int | str]) -> str:
    known = _keys_at(root, path[:-1])
    near = get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(known)}"


def _keys_at(root: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    model = root
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 -- any annotation
    """The section that a field holds, once or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for arg in get_args(annotation) if (m := _model_in(arg))), None)
