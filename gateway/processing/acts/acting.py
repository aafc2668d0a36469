"""What an act is to the fold: the shape of its payload, and who carries it out."""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from gateway.acts import InspectionPlansAct, RegistryPutAct
from gateway.command_acts import REVISION_CHANGED
from gateway.ledger.queries.revisions import revision
from gateway.processing.alerting.notifying import Notifying
from gateway.processing.fleet.commanding import Commanding
from gateway.processing.fleet.furnishing import Furnishing
from gateway.processing.fleet.inspections import Inspecting
from gateway.processing.fleet.press_tests import PressTests
from gateway.processing.ratings.changing import Changing
from gateway.processing.readmitting import Readmitting
from gateway.processing.state import State

Data = dict[str, Any]
Outcome = dict[str, Any]
Shape = TypeVar("Shape")


class ActError(Exception):
    """An act that cannot be carried out, raised before it changed anything.

    `code` is for programs.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Context:
    """What a handler works on."""

    def __init__(
        self,
        state: State,
        readmitting: Readmitting,
        changing: Changing,
        inspecting: Inspecting,
        press_tests: PressTests,
        notifying: Notifying,
        commanding: Commanding,
        furnishing: Furnishing,
    ) -> None:
        self.state = state
        self.readmitting = readmitting
        self.changing = changing
        self.inspecting = inspecting
        self.press_tests = press_tests
        self.notifying = notifying
        self.commanding = commanding
        self.furnishing = furnishing
        self.place = 0
        self.author: str | None = None


class Handling(NamedTuple, Generic[Shape]):
    """A handler answers what it changed, for whoever asked."""

    payload: msgspec.json.Decoder[Shape]
    carry: Callable[[Context, Shape], Outcome]


def handling(
    shape: type[Shape], carry: Callable[[Context, Shape], Outcome]
) -> Handling[Shape]:
    return Handling(msgspec.json.Decoder(shape), carry)


def read(decoder: msgspec.json.Decoder[Shape], payload: bytes) -> Shape:
    """What an act says.

    Raises:
        ActError: `invalid`, it is not of this shape.
    """
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ActError("invalid", f"not what this act says: {error}") from None


def refuse_changed(
    context: Context, table: str, act: RegistryPutAct | InspectionPlansAct
) -> None:
    """Let who names revisions of a table change one of those and nothing newer.

    Raises:
        ActError: somebody else was quicker.
    """
    if act.revisions is None:
        return
    now = revision(context.state.store.connection, table, act.subtree)
    if now not in act.revisions:
        detail = "somebody changed this meanwhile: look at it again, then change that"
        raise ActError(REVISION_CHANGED, detail)


def nothing(_context: Context, _data: Data) -> Outcome:
    return {}
