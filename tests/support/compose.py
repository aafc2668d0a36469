"""docker-compose.yml as Compose would read it."""

from functools import cache
from typing import Any

import yaml  # type: ignore[import-untyped] # has no types

from tests.architecture.tree import ROOT

FILE = ROOT / "docker-compose.yml"


@cache
def compose() -> dict[str, Any]:
    """The file with its anchors and merges resolved."""
    read: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return read


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def words(service: str, key: str) -> list[str]:
    """A command line of a service, `$$` meaning `$` as in Compose."""
    value = services()[service].get(key, [])
    return [str(word).replace("$$", "$") for word in value]


def mounts(service: str) -> list[tuple[str, str, bool]]:
    """(source, target, read-only) of each mount."""
    found = []
    for line in services()[service].get("volumes", []):
        source, target, *mode = line.split(":")
        found.append((source, target, mode == ["ro"]))
    return found
