"""The long form of the configuration, with some keys of its own filled in."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

_FILE: Final = files("gateway.settings") / "template.toml"
_COMMENT_COLUMN: Final = 37


def filled(values: Mapping[tuple[str, str], str]) -> str:
    """The text with `values` by (section, key) in force; all else as it stands there.

    Raises KeyError for a key that the long form does not show.
    """
    left, section, lines = dict(values), "", []
    for line in _FILE.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.partition("]")[0].strip("[")
        key = line.removeprefix("# ").partition(" = ")[0]
        value = left.pop((section, key), None)
        lines.append(line if value is None else _line(key, value, line))
    if left:
        raise KeyError(*left)
    return "\n".join([*lines, ""])


def _line(key: str, value: str, shown: str) -> str:
    """The key in force, with the remark of the shown line at its column."""
    _, mark, remark = shown.removeprefix("# ").partition(" # ")
    text = f"{key} = {json.dumps(value)}"
    return f"{text:<{_COMMENT_COLUMN - 1}}{mark}{remark}" if mark else text
