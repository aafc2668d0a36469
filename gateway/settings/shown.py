"""The configuration as it may be shown: nothing in it lets anybody in."""

from typing import Any, Final
from urllib.parse import urlsplit

from gateway.settings.model import Settings

HIDDEN: Final = "**********"
_URL: Final = "url"
_KEYED: Final = "recipients"
"""Tables whose urls are keys themselves: chat services write theirs into the path."""


def shown(settings: Settings) -> dict[str, Any]:
    """Every key as JSON has it; secrets, and what of a url may be one, are hidden."""
    tables: dict[str, Any] = settings.model_dump(mode="json")
    return {name: _shown(value, name == _KEYED) for name, value in tables.items()}


def _shown(value: Any, keyed: bool) -> Any:  # noqa: ANN401, FBT001 -- any JSON value
    if isinstance(value, list):
        return [_shown(one, keyed) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _address(one, keyed)
        if name == _URL and isinstance(one, str)
        else _shown(one, keyed)
        for name, one in value.items()
    }


def _address(url: str, keyed: bool) -> str:  # noqa: FBT001 -- of one caller, above
    parts = urlsplit(url)
    if keyed:
        path = f"/{HIDDEN}" if parts.path.strip("/") or parts.query else parts.path
        return parts._replace(path=path, query="", fragment="").geturl()
    return parts._replace(query=HIDDEN if parts.query else "").geturl()
