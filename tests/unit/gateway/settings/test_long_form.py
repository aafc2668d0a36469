"""config/gateway.toml shows every key with its true default."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from gateway.settings import Settings, load_settings
from gateway.settings.model import Sink
from gateway.settings.rules import SiteRules
from gateway.settings.targets import Target

LONG_FORM = Path(__file__).parents[4] / "config" / "gateway.toml"
SINKS: dict[str, type[BaseModel]] = {kind.KIND: kind for kind in get_args(Sink)}
TABLES = SINKS | {"targets": Target}
SITES = "site_rules"
EXAMPLES = {("influxdb", "bucket"), ("influxdb", "database")}  # they must be chosen


def shown() -> dict[str, dict[str, object]]:
    """All keys of the file, those in comments too."""
    text = re.sub(
        r"^# (?=\[\[|[a-z_]+ = )", "", LONG_FORM.read_text("utf-8"), flags=re.MULTILINE
    )
    tables = tomllib.loads(text)
    return {k: v[0] if isinstance(v, list) else v for k, v in tables.items()}


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in Settings.model_fields.items():
        if name == SITES:
            continue
        model = TABLES.get(name, field.annotation)
        assert isinstance(model, type)
        yield name, model


def plain(value: object) -> object:
    """A default as TOML would show it."""
    match value:
        case tuple():
            return list(value)
        case dict():
            return {str(key): inner for key, inner in value.items()}
        case Path():
            return str(value)
        case _:
            return value


def test_it_can_be_used_as_it_is() -> None:
    assert load_settings(LONG_FORM, {}).broker.port == 1883


def test_it_shows_every_key_and_no_other() -> None:
    expected = {name: set(model.model_fields) for name, model in sections()}
    found = shown()
    assert found.pop(SITES).keys() < SiteRules.model_fields.keys()
    assert {name: set(table) for name, table in found.items()} == expected


def test_it_shows_true_defaults() -> None:
    wrong = []
    for name, model in sections():
        for key, field in model.model_fields.items():
            if field.default is None or field.default is PydanticUndefined:
                continue
            if (name, key) in EXAMPLES:
                continue
            if shown()[name][key] != plain(field.default):
                wrong.append(f"{name}.{key} is {field.default!r}")
    assert wrong == []
