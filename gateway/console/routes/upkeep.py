"""/configuration, /verify: what the gateway runs with, and whether its data agree."""

from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from gateway.console.callers import Administrator, Prover, Reader, whole_gateway
from gateway.console.instants import Instant
from gateway.console.items import Item
from gateway.console.problems import ProblemError
from gateway.console.upkeep import CheckRun, Configuration, Upkeep


class ConfigurationItem(Item):
    """`settings` as the file and the environment gave them, secrets hidden."""

    read_at: Instant = Field(validation_alias="read_ms")
    settings: dict[str, Any]


class ProofItem(Item):
    name: str
    ok: bool
    detail: str


class ProgressItem(Item):
    """`done` of `total`; `total` is 0 where it is not known."""

    stage: str
    done: int
    total: int


class CheckItem(Item):
    """`ok` is null before the end; `error` says what kept a failed one from it."""

    state: Literal["never", "running", "done", "failed"]
    by: str | None
    started_at: Instant | None = Field(validation_alias="started_ms")
    ended_at: Instant | None = Field(validation_alias="ended_ms")
    progress: ProgressItem | None
    ok: bool | None
    findings: list[ProofItem]
    error: str | None


class UpkeepRoutes:
    def __init__(self, upkeep: Upkeep) -> None:
        self._upkeep = upkeep

    def router(self) -> APIRouter:
        router = APIRouter(tags=["upkeep"])
        router.add_api_route(
            "/configuration", self.configuration, response_model=ConfigurationItem
        )
        router.add_api_route("/verify", self.show, response_model=CheckItem)
        router.add_api_route(
            "/verify",
            self.start,
            methods=["POST"],
            response_model=CheckItem,
            status_code=HTTPStatus.ACCEPTED,
            name="start_verify",
        )
        return router

    def configuration(self, caller: Administrator) -> Configuration:
        """What the console last read; a key that waits for a restart is in it, too."""
        whole_gateway(caller)
        return self._upkeep.configuration()

    async def show(self, caller: Reader) -> CheckRun:
        """How far a check of all data is, or what the last one found."""
        whole_gateway(caller)
        return self._upkeep.checks.last

    async def start(self, caller: Prover) -> CheckRun:
        """Check the chain, the counts, and the ledger against another fold.

        In a process of its own, one at a time. Takes the scope operate or audit.
        """
        whole_gateway(caller)
        if not self._upkeep.checks.ask(caller.name):
            detail = "A check runs already: GET /verify tells how far it is."
            raise ProblemError(HTTPStatus.CONFLICT, "already_running", detail)
        return self._upkeep.checks.last
