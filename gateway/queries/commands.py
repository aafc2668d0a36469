"""Commands and desired settings as readers ask for them and see them."""

from typing import Any

import msgspec

from fleet.commands.course import Command
from gateway.queries.asking import SiteBound


class CommandFilter(SiteBound, frozen=True, kw_only=True):
    """`state` is one of a command, or `open`: without an outcome."""

    device: str | None = None
    site: str | None = None
    state: str | None = None
    command: str | None = None


class CommandRow(msgspec.Struct, kw_only=True):
    """A command, and where its terminal stands."""

    site: str | None
    command: Command


class SettingsRow(msgspec.Struct, kw_only=True):
    """What is wanted of a terminal, and what it says it has."""

    device_id: str
    revision: int | None
    desired: dict[str, Any] | None
    reported_revision: int | None
    state: str
    set_ms: int | None
    set_by: str | None


class CapabilitiesRow(msgspec.Struct, kw_only=True):
    """What a terminal can do; `commands` None: neither it nor its profile says."""

    device_id: str
    commands: list[str] | None
    capabilities: dict[str, Any]
