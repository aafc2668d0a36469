"""Commands with one mechanism taken away, and the promise that a hall sees broken."""

# ruff: noqa: SLF001 -- it reaches into what it takes away

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import msgspec

from device_protocol.mqtt_publish import PublishOptions
from fleet.commands import course
from fleet.commands.course import Command, Happening, State
from fleet.registry import Lifecycle
from gateway.command_acts import COMMANDS_SENT, CommandNews
from gateway.downlink import commands as downlink
from gateway.downlink.commands import CommandsSink
from gateway.ledger.devices import Device
from gateway.ledger.identities import Claim, Holder, Identities
from gateway.ports import Order
from gateway.processing.acts import dispatch as acts
from gateway.processing.fleet import commanding
from gateway.processing.fleet.commanding import Commanding
from tests.scenarios.errands.terminals import AGAIN


class Mutant(NamedTuple):
    """How to take it away, what a hall then finds, and one that does."""

    without: Callable[[], AbstractContextManager[object]]
    promise: str
    seed: int = 1


_tell = CommandsSink._tell
_publish = CommandsSink._publish
_options = CommandsSink._options
_counted = course._counted
_emit = Commanding._emit
_step = Commanding._step
_claim = Identities.claim


async def _tell_unheard(self: CommandsSink, act: str, news: list[CommandNews]) -> None:
    if act != COMMANDS_SENT:
        await _tell(self, act, news)


async def _record_afterwards(self: CommandsSink, orders: Sequence[Order]) -> Any:  # noqa: ANN401 -- as it is shipped
    codes = await _publish(self, orders)
    await _tell(self, COMMANDS_SENT, [downlink._news(one) for one in orders])
    return codes


def _keep(self: CommandsSink, order: Order) -> PublishOptions:
    return _options(self, order)._replace(retain=True)


def _live_for_ever(self: CommandsSink, order: Order) -> PublishOptions:
    return _options(self, order)._replace(expiry_s=None)


def _sure(command: Command, what: Happening) -> Command:
    """Believe each `unheard` to mean that nobody ever heard."""
    if what == "unheard":
        return msgspec.structs.replace(command, unheard=command.sent)
    return _counted(command, what)


def _keen(command: Command, now_ms: int) -> bool:
    return now_ms < command.expires_ms


def _early(command: Command) -> int:
    return command.expires_ms


def _renamed(command: Command) -> Command:
    """Give what goes out again an id of its own."""
    again = course.handed_over(command)
    name = f"{command.command_id.partition(AGAIN)[0]}{AGAIN}{again.orders}"
    return msgspec.structs.replace(again, command_id=name)


def _emit_renamed(self: Commanding, command: Command) -> None:
    if command.orders > 1:
        command = _renamed(command)
    _emit(self, command)


def _find_anywhere(self: Commanding, _device: Device, command_id: str) -> Any:  # noqa: ANN401 -- as it is shipped
    row = self._state.store.one(
        "SELECT data FROM command WHERE command_id = ?", (command_id,)
    )
    return None if row is None else msgspec.json.decode(row[0], type=Command)


def _step_anywhere(
    self: Commanding,
    _device: Device,
    command: Command,
    what: Happening,
    **more: Any,  # noqa: ANN401 -- as it is shipped
) -> Command:
    return _step(self, self._state.by_id[command.device_id], command, what, **more)


def _keyless(_context: object, asker: Any, _record: object) -> bool:  # noqa: ANN401 -- its type is private
    asker.idempotency_key = None
    return False


def _all_new(self: Identities, claims: Sequence[Claim]) -> dict[int, Holder]:
    _claim(self, claims)
    return {}


def _nothing(*_: object) -> None:
    """Stand where something was done."""


def _table(changes: Mapping[State, Mapping[Happening, State]]) -> Any:  # noqa: ANN401 -- a proxy
    return MappingProxyType(
        {
            state: {**moves, **changes.get(state, {})}
            for state, moves in course.TRANSITIONS.items()
        }
    )


_AFTERWARDS: Final = {outcome: dict(course._REPLIED) for outcome in course.OUTCOMES}
_OPTIMISTIC: Final[Mapping[State, Mapping[Happening, State]]] = {
    "sent": {"deadline": "expired"}
}
_SINK: Final = partial(patch.object, CommandsSink)
_FOLD: Final = partial(patch.object, Commanding)

MUTANTS: Final[Mapping[str, Mutant]] = {
    "not recorded": Mutant(
        lambda: _SINK("_tell", _tell_unheard), "published before its record"
    ),
    "recorded afterwards": Mutant(
        lambda: patch.multiple(
            CommandsSink, _tell=_tell_unheard, _publish=_record_afterwards
        ),
        "published before its record",
    ),
    "published whenever": Mutant(
        lambda: _SINK("_in_time", lambda *_: True), "published too late"
    ),
    "kept by the broker": Mutant(
        lambda: _SINK("_options", _keep), "left with the broker"
    ),
    "without expiry": Mutant(
        lambda: _SINK("_options", _live_for_ever), "heard too late", seed=4
    ),
    "refusals forgotten": Mutant(
        lambda: patch.object(downlink, "_unheard", lambda _: []), "never came", seed=9
    ),
    "outcomes overruled": Mutant(
        lambda: patch.object(course, "TRANSITIONS", _table(_AFTERWARDS)),
        "an outcome changed",
        seed=9,
    ),
    "sent counts as not sent": Mutant(
        lambda: patch.object(course, "TRANSITIONS", _table(_OPTIMISTIC)),
        "said not to be done, and done",
        seed=2,
    ),
    "one unheard, all unheard": Mutant(
        lambda: patch.object(course, "_counted", _sure),
        "said not to be done, and done",
        seed=2,
    ),
    "no deadline": Mutant(lambda: _FOLD("fall_due", _nothing), "without an outcome"),
    "no time to reply": Mutant(
        lambda: patch.object(commanding, "deadline_ms", _early),
        "a reply in time came too late",
        seed=11,
    ),
    "sent again whatever was heard": Mutant(
        lambda: patch.object(commanding, "may_go_again", _keen),
        "sent again after it was heard",
        seed=2,
    ),
    "a new id each time": Mutant(
        lambda: _FOLD("_emit", _emit_renamed), "executed twice", seed=2
    ),
    "not sent again at birth": Mutant(
        lambda: _FOLD("born", _nothing), "never came", seed=31
    ),
    "not tried again": Mutant(
        lambda: _FOLD("try_again", _nothing), "never came", seed=9
    ),
    "sent out of service": Mutant(
        lambda: patch.object(commanding, "ACCEPTING", frozenset(Lifecycle)),
        "sent to one out of service",
        seed=2,
    ),
    "anybody's reply": Mutant(
        lambda: patch.multiple(Commanding, _find=_find_anywhere, _step=_step_anywhere),
        "told of another terminal",
    ),
    "keys forgotten": Mutant(
        lambda: patch.object(acts, "_is_done", _keyless), "asked twice"
    ),
    "no identity": Mutant(
        lambda: patch.object(Identities, "claim", _all_new), "a reply taken twice"
    ),
}
