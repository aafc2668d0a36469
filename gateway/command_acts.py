"""Acts about commands and settings: what people ask, and what deliver tells of it."""

from typing import Any, Final

import msgspec

from fleet.commands.course import EXPIRES_S
from gateway.acts import Act

COMMANDS_SENT: Final = "commands_sent"
"""What deliver tells before it publishes: from now on terminals may have these."""
COMMANDS_UNHEARD: Final = "commands_unheard"
"""What it tells after that: the broker had nobody to give these to."""


class CommandAct(Act):
    """`command_asked`: a terminal is to do something within `expires_s`."""

    device_id: str
    command: str
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    expires_s: int = EXPIRES_S


REVISION_CHANGED: Final = "revision_changed"
"""Why settings were not put: others are in force than who put them had seen."""


class SettingsAct(Act):
    """`device_settings_put`: what is wanted of a terminal; None: its own settings.

    Only while one of these revisions is in force, 0 before any; None: whichever is.
    """

    device_id: str
    desired: dict[str, Any] | None
    revisions: list[int] | None = None


class CommandNews(msgspec.Struct, frozen=True):
    """One command of `commands_sent` or `commands_unheard`; `why` for people."""

    device_id: str
    command_id: str
    why: str | None = None


class CommandsNews(msgspec.Struct, frozen=True):
    """`commands_sent`, `commands_unheard`."""

    commands: list[CommandNews]
