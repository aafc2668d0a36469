"""What people ask of terminals: commands, and settings that are to hold."""

from collections.abc import Mapping
from typing import Any, Final

from fleet.commands.catalogue import (
    PRESS_TEST,
    CommandError,
    Parameters,
    PressTest,
    read_parameters,
)
from fleet.commands.course import EXPIRES_S_MAX, OPEN_MAX, Command, Happening
from fleet.press_test import PressTestError
from fleet.registry import ACCEPTING, out_of_service
from gateway.command_acts import (
    COMMANDS_SENT,
    COMMANDS_UNHEARD,
    REVISION_CHANGED,
    CommandAct,
    CommandsNews,
    SettingsAct,
)
from gateway.events.cloudevents import rfc3339
from gateway.ledger.devices import Device
from gateway.places import Place
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
)


def _asked(context: Context, act: CommandAct) -> Outcome:
    device = _terminal(context, act.device_id)
    if not 1 <= act.expires_s <= EXPIRES_S_MAX:
        raise ActError("invalid", f"expires_s: 1 to {EXPIRES_S_MAX} seconds")
    commanding = context.commanding
    if commanding.open_of(device) >= OPEN_MAX:
        detail = f"{OPEN_MAX} commands have no outcome yet: wait for one, or its end"
        raise ActError("too_many_commands", detail)
    try:
        known = commanding.known(device)
        given = read_parameters(act.command, act.parameters, known)
    except CommandError as error:
        raise ActError(error.code, str(error)) from None
    return told(_begin(context, device, act, given))


def _begin(
    context: Context, device: Device, act: CommandAct, given: Parameters
) -> Command:
    own_id, test_id = str(Place.unpack(context.place)), None
    if isinstance(given, PressTest):
        test_id, timeout_ms = own_id, given.timeout_s * 1000
        try:
            context.press_tests.start(device, test_id, timeout_ms)
        except PressTestError as error:
            raise ActError("invalid", str(error)) from None
    ask, asker = context.commanding.ask, act.author
    try:
        return ask(
            own_id, device, act.command, given, act.expires_s, asker, test_id=test_id
        )
    except ValueError as error:
        raise ActError("invalid", f"parameters: {error}") from None


def lead_test(
    context: Context, device: Device, test_id: str, timeout_s: int
) -> Command | None:
    """Let a terminal lead through a press test; None: it has too much to do."""
    commanding, given = context.commanding, PressTest(timeout_s)
    if commanding.open_of(device) >= OPEN_MAX or device.lifecycle not in ACCEPTING:
        return None
    return commanding.ask(
        test_id, device, PRESS_TEST, given, timeout_s, context.author, test_id=test_id
    )


def told(command: Command) -> Outcome:
    """A command just asked for, for whoever asked."""
    outcome = {
        "command_id": command.command_id,
        "device_id": command.device_id,
        "command": command.name,
        "state": command.state,
        "expires_at": rfc3339(command.expires_ms),
    }
    test_id = command.test_id
    return outcome if test_id is None else {**outcome, "test_id": test_id}


def _terminal(context: Context, device_id: str) -> Device:
    """A device that may be asked for something.

    Raises:
        ActError: there is none, or it is out of service.
    """
    device = context.state.by_id.get(device_id)
    if device is None:
        raise ActError("not_found", f"no device {device_id!r}")
    why_not = out_of_service(device_id, device.lifecycle)
    if why_not is not None:
        raise ActError("conflict", why_not)
    return device


def _settings_put(context: Context, act: SettingsAct) -> Outcome:
    device = _terminal(context, act.device_id)
    now = context.furnishing.revision(device)
    if act.revisions is not None and now not in act.revisions:
        detail = f"revision {now} is in force: look at it, then change that"
        raise ActError(REVISION_CHANGED, detail)
    try:
        twin = context.furnishing.put(device, act.desired, act.author)
    except ValueError as error:
        raise ActError("invalid", f"desired: {error}") from None
    return {"device_id": device.device_id, "revision": twin.revision}


def _heard(what: Happening) -> Handling[CommandsNews]:
    """What deliver tells of commands on their way."""

    def heard(context: Context, news: CommandsNews) -> Outcome:
        for one in news.commands:
            context.commanding.happened(one.device_id, one.command_id, what, one.why)
        return {}

    return handling(CommandsNews, heard)


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "command_asked": handling(CommandAct, _asked),
    "device_settings_put": handling(SettingsAct, _settings_put),
    COMMANDS_SENT: _heard("sent"),
    COMMANDS_UNHEARD: _heard("unheard"),
}
