"""What may be asked of a terminal: each command's parameters, and its arguments.

Parameters are what people give; arguments are what the terminal gets (device protocol
v1, "command"). To add a command: its shape here, and one line in `COMMANDS`.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from device_protocol.limits import EMPLOYEE_ID_CHARS_MAX, SESSION_ID_CHARS_MAX
from device_protocol.messages import Mode
from device_protocol.timestamps import format_instant
from fleet.press_test import TIMEOUT_MS, TIMEOUT_MS_MAX

MODE_S_MAX: Final = 8 * 3600
"""No terminal is kept from counting for longer by one command: it is forgotten."""
ARGS_BYTES_MAX: Final = 4096
_SELFTEST_S: Final = 120


class CommandError(ValueError):
    """A command that cannot be asked for; `code` is for programs."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Parameters(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What every command has in common: it may be of no parameters at all."""

    @property
    def takes_s(self) -> int:
        """How long it takes a terminal once it has begun, about."""
        return 0

    def args(self, _now_ms: int) -> dict[str, Any]:
        """The arguments of the message."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


class Identify(Parameters):
    """Blink and sound, so that somebody in front of it sees which one it is."""

    seconds: Annotated[int, Meta(ge=1, le=300)] = 10

    @property
    def takes_s(self) -> int:
        return self.seconds

    def args(self, _now_ms: int) -> dict[str, Any]:
        return {"seconds": self.seconds}


class Reboot(Parameters):
    """Start anew."""


class SelfTest(Parameters):
    """Test yourself, and publish a `selftest` with the trigger `command`."""

    @property
    def takes_s(self) -> int:
        return _SELFTEST_S


class PressTest(Parameters):
    """Lead somebody through a press of every key."""

    timeout_s: Annotated[int, Meta(ge=1, le=TIMEOUT_MS_MAX // 1000)] = (
        TIMEOUT_MS // 1000
    )

    @property
    def takes_s(self) -> int:
        return self.timeout_s

    def args(self, _now_ms: int) -> dict[str, Any]:
        return {"timeout_s": self.timeout_s}


class Prompt(Parameters):
    """Invite the customer in front of it to rate."""

    session_id: (
        Annotated[str, Meta(min_length=1, max_length=SESSION_ID_CHARS_MAX)] | None
    ) = None
    employee_id: (
        Annotated[str, Meta(min_length=1, max_length=EMPLOYEE_ID_CHARS_MAX)] | None
    ) = None
    stage: Literal[1, 2] | None = None
    text: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class SetMode(Parameters):
    """What its events are marked with; any mode but `live` ends by itself."""

    mode: Mode
    seconds: Annotated[int, Meta(ge=1, le=MODE_S_MAX)] = MODE_S_MAX

    def ends_ms(self, now_ms: int) -> int | None:
        """When the terminal counts again; None: it does already."""
        return None if self.mode is Mode.LIVE else now_ms + self.seconds * 1000

    def args(self, now_ms: int) -> dict[str, Any]:
        ends_ms = self.ends_ms(now_ms)
        args: dict[str, Any] = {"mode": self.mode.value}
        return args if ends_ms is None else {**args, "until": format_instant(ends_ms)}


PRESS_TEST: Final = "press_test"
SET_MODE: Final = "set_mode"
COMMANDS: Final[Mapping[str, type[Parameters]]] = {
    "identify": Identify,
    "reboot": Reboot,
    "selftest": SelfTest,
    PRESS_TEST: PressTest,
    "prompt": Prompt,
    SET_MODE: SetMode,
}


class Own(Parameters):
    """A command that only its maker knows: whatever it is given goes to it."""

    given: dict[str, Any]

    def args(self, _now_ms: int) -> dict[str, Any]:
        return self.given


def known_to(
    capabilities: Mapping[str, object], by_profile: Collection[str] | None
) -> frozenset[str] | None:
    """The commands that a terminal knows; None: neither it nor its profile says.

    What the terminal says of itself counts before what its profile says of its make.
    """
    told = capabilities.get("commands")
    if isinstance(told, list):
        return frozenset(one for one in told if isinstance(one, str))
    return None if by_profile is None else frozenset(by_profile)


def read_parameters(
    name: str, given: Mapping[str, Any], known: frozenset[str] | None
) -> Parameters:
    """The parameters of a command, judged.

    Raises:
        CommandError: `unknown_command`, the terminal does not know it; `invalid`, the
            parameters are not its.
    """
    shape = COMMANDS.get(name)
    if known is not None and name not in known:
        told = ", ".join(sorted(known)) or "none"
        detail = f"the terminal does not know {name!r}; it knows: {told}"
        raise CommandError("unknown_command", detail)
    if shape is None and known is None:
        detail = f"there is no command {name!r}; there are: {', '.join(COMMANDS)}"
        raise CommandError("unknown_command", detail)
    if len(msgspec.json.encode(given)) > ARGS_BYTES_MAX:
        raise CommandError("invalid", f"parameters of more than {ARGS_BYTES_MAX} bytes")
    if shape is None:
        return Own(dict(given))
    try:
        return msgspec.convert(given, shape)
    except msgspec.ValidationError as error:
        raise CommandError("invalid", f"{name}: {error}") from None
