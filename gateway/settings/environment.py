"""`EVALGATE__SECTION__KEY` laid over the file's tables."""

import tomllib
from collections.abc import Mapping
from typing import Any

from gateway.settings.problems import SettingsError

PREFIX = "EVALGATE__"


def overlay(tables: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """`tables` with the variables of `environ` over them; neither is changed.

    A sink is named by its place or its name: `EVALGATE__INFLUXDB__MAIN__TOKEN`, rules
    of a site by their place or the site.
    Raises SettingsError for a variable that leads nowhere.
    """
    merged = {key: _copy(value) for key, value in tables.items()}
    for variable in sorted(v for v in environ if v.startswith(PREFIX)):
        steps = variable.removeprefix(PREFIX).lower().split("__")
        _set(merged, steps, variable, _value(environ[variable], variable))
    return merged


def _copy(value: Any) -> Any:  # noqa: ANN401 -- TOML values of any shape
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def _value(text: str, variable: str) -> Any:  # noqa: ANN401 -- lists and tables are TOML, the rest is coerced later
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{variable}: not a TOML value: {error}") from error


def _set(
    tables: dict[str, Any], steps: list[str], variable: str, value: object
) -> None:
    place: Any = tables
    for step in steps[:-1]:
        place = _step(place, step, variable)
    if not isinstance(place, dict) or len(steps) < 2 or not all(steps):  # noqa: PLR2004 -- a section and a key
        raise SettingsError(f"{variable}: must look like {PREFIX}SECTION__KEY")
    key = steps[-1]
    place[key] = value
    # One secret, one source: the variable wins over the file's other form of it.
    place.pop(
        key.removesuffix("_file") if key.endswith("_file") else f"{key}_file", None
    )


def _step(place: object, step: str, variable: str) -> object:
    if isinstance(place, dict):
        return place.setdefault(step, {})
    for index, entry in enumerate(place if isinstance(place, list) else ()):
        named = entry.get("name") or entry.get("site") or ""
        if step in {str(index), str(named).lower()}:
            return entry
    raise SettingsError(f"{variable}: the file has no entry named {step}")
