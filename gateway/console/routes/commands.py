"""/devices/{id}/commands, /commands, /devices/{id}/settings: what terminals are asked.

A command ends in one outcome; its history says who asked, and what was heard since.
"""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from device_protocol.wire_downlink import NAME_PATTERN
from fleet.commands.course import EXPIRES_S, EXPIRES_S_MAX, OUTCOMES
from fleet.commands.course import State as CommandState
from fleet.twin import State as SettingsState
from gateway.acts import ActName
from gateway.command_acts import CommandAct, SettingsAct
from gateway.console.acts import Acts
from gateway.console.callers import Operator, Reader
from gateway.console.instants import Instant
from gateway.console.items import ACT_RESPONSES, Item, ListOf
from gateway.console.preconditions import IfMatch, etag, revisions
from gateway.console.problems import not_found
from gateway.console.requests import IdempotencyKey, ListQuery, Strict, Text
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.commands import CapabilitiesRow, CommandFilter, CommandRow

_DEVICE: Final = "/devices/{device_id}"


class CommandStep(Item):
    """`late`: heard after the outcome, which stays as it is."""

    at: Instant = Field(validation_alias="at_ms")
    what: str
    state: CommandState
    by: str | None
    detail: str | None
    late: bool


class Command(Item):
    """`parameters` as the terminal gets them; `asked_by` is null without an author."""

    command_id: str
    device_id: str
    site: str | None
    command: str
    parameters: dict[str, Any]
    state: CommandState
    is_open: bool
    asked_at: Instant
    asked_by: str | None
    expires_at: Instant
    settled_at: Instant | None
    result: Any
    error: str | None
    test_id: str | None


class CommandDetail(Command):
    history: list[CommandStep]


class CommandBody(Strict):
    """After `expires_s` seconds the terminal does not begin any more."""

    command: Annotated[str, Field(pattern=NAME_PATTERN)]
    parameters: dict[str, Any] = Field(default_factory=dict)
    expires_s: int = Field(EXPIRES_S, ge=1, le=EXPIRES_S_MAX)


class DeviceCommandQuery(ListQuery):
    """`state`: as of a command, or `open`: without an outcome."""

    state: CommandState | Literal["open"] | None = None
    command: Text | None = None


class CommandQuery(DeviceCommandQuery):
    device: Text | None = None
    site: Text | None = None


class DeviceSettings(Item):
    """`state`: unset, unknown (it never said), pending, applied, drifted."""

    device_id: str
    desired: dict[str, Any] | None
    revision: int | None
    reported_revision: int | None
    state: SettingsState
    drift: bool
    set_at: Instant | None = Field(validation_alias="set_ms")
    set_by: str | None


class SettingsBody(Strict):
    """All settings that are wanted; null: the terminal's own hold."""

    desired: dict[str, Any] | None


class Capabilities(Item):
    """`commands` null: neither the terminal nor its profile says which it knows."""

    device_id: str
    commands: list[str] | None
    capabilities: dict[str, Any]


class Commands:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(tags=["commands"])
        add, of_device = router.add_api_route, f"{_DEVICE}/commands"
        add("/commands", self.list, response_model=ListOf[Command])
        add("/commands/{command_id}", self.show, response_model=CommandDetail)
        add(of_device, self.list_of, response_model=ListOf[Command])
        add(of_device, self.ask, methods=["POST"], responses=ACT_RESPONSES)
        add(f"{of_device}/{{command_id}}", self.show_of, response_model=CommandDetail)
        add(f"{_DEVICE}/capabilities", self.can, response_model=Capabilities)
        settings = f"{_DEVICE}/settings"
        add(settings, self.settings, response_model=DeviceSettings)
        add(settings, self.put_settings, methods=["PUT"], responses=ACT_RESPONSES)
        return router

    def list(
        self, query: Annotated[CommandQuery, Query()], caller: Reader
    ) -> Page[dict[str, Any]]:
        """Commands of all terminals, the newest first."""
        wanted = CommandFilter(
            subtree=caller.site,
            device=query.device,
            site=query.site,
            state=query.state,
            command=query.command,
        )
        return self._page(wanted, query)

    def list_of(
        self,
        device_id: str,
        query: Annotated[DeviceCommandQuery, Query()],
        caller: Reader,
    ) -> Page[dict[str, Any]]:
        """Commands of a terminal, the newest first; 50 with their outcome are kept."""
        self._sight.device(caller, device_id)
        wanted = CommandFilter(
            device=device_id, state=query.state, command=query.command
        )
        return self._page(wanted, query)

    def _page(self, wanted: CommandFilter, query: ListQuery) -> Page[dict[str, Any]]:
        found = self._ledger.commands(wanted, query.part)
        return Page([_item(row) for row in found.items], found.next_cursor)

    def show(self, command_id: str, caller: Reader) -> dict[str, Any]:
        """A command with its history: who asked, what was heard of it."""
        row = self._ledger.command(command_id)
        if row is None:
            raise not_found(f"command {command_id}")
        self._sight.show(caller, row.site, f"command {command_id}")
        return _item(row)

    def show_of(
        self, device_id: str, command_id: str, caller: Reader
    ) -> dict[str, Any]:
        """As under /commands."""
        self._sight.device(caller, device_id)
        item = self.show(command_id, caller)
        if item["device_id"] != device_id:
            raise not_found(f"command {command_id} of {device_id}")
        return item

    async def ask(
        self,
        device_id: str,
        body: CommandBody,
        caller: Operator,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Ask a terminal for something; the answer names the command, not its outcome.

        409 when the terminal is out of service, does not know the command, or has too
        many open ones.
        """
        await run_in_threadpool(self._sight.device, caller, device_id)
        act = CommandAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            device_id=device_id,
            command=body.command,
            parameters=body.parameters,
            expires_s=body.expires_s,
        )
        return await self._acts.perform(ActName.COMMAND_ASKED, act)

    def can(self, device_id: str, caller: Reader) -> CapabilitiesRow:
        """What a terminal says it can do, and the commands that it knows."""
        self._sight.device(caller, device_id)
        found = self._ledger.capabilities(device_id)
        if found is None:
            raise not_found(f"device {device_id}")
        return found

    def settings(
        self, device_id: str, caller: Reader, response: Response
    ) -> dict[str, Any]:
        """What is wanted of a terminal, and whether it says that it has it.

        Its `ETag` is the revision, for `If-Match` of who changes it.
        """
        self._sight.device(caller, device_id)
        row = self._ledger.settings_of(device_id)
        if row is None:
            raise not_found(f"device {device_id}")
        response.headers["ETag"] = etag(row.revision or 0)
        named = {name: getattr(row, name) for name in row.__struct_fields__}
        return {**named, "drift": row.state == "drifted"}

    async def put_settings(
        self,
        device_id: str,
        body: SettingsBody,
        caller: Operator,
        if_match: IfMatch = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Want these settings, all of them, under a new revision.

        With `If-Match`, 412 when somebody else wanted others meanwhile.
        """
        await run_in_threadpool(self._sight.device, caller, device_id)
        act = SettingsAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            device_id=device_id,
            desired=body.desired,
            revisions=revisions(if_match),
        )
        return await self._acts.perform(ActName.SETTINGS_PUT, act)


def _item(row: CommandRow) -> dict[str, Any]:
    command = row.command
    return {
        "command_id": command.command_id,
        "device_id": command.device_id,
        "site": row.site,
        "command": command.name,
        "parameters": command.args,
        "state": command.state,
        "is_open": command.state not in OUTCOMES,
        "asked_at": command.asked_ms,
        "asked_by": command.author,
        "expires_at": command.expires_ms,
        "settled_at": command.settled_ms,
        "result": command.result,
        "error": command.error,
        "test_id": command.test_id,
        "history": command.history,
    }
