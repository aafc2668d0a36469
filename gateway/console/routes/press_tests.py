"""/devices/{id}/press-test: somebody presses every key, and each is confirmed."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from fleet.press_test import TIMEOUT_MS, TIMEOUT_MS_MAX
from fleet.registry import out_of_service
from gateway.acts import ActName, PressTestAct
from gateway.console.acts import Acts
from gateway.console.callers import Operator, Reader
from gateway.console.instants import Instant
from gateway.console.items import ACT_RESPONSES, Item
from gateway.console.problems import ProblemError, not_found
from gateway.console.requests import IdempotencyKey, Strict
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.inspections import PressTestRow
from gateway.queries.rows import DeviceRow


class TestedKey(Item):
    """Known by its number, by the level it gives, or by both."""

    key: int | None
    level: int | None
    confirmed: bool
    first_at: Instant | None = Field(validation_alias="first_ms")
    presses: int


class PressTest(Item):
    """`state`: running, passed, failed (a key stayed silent), cancelled."""

    test_id: str
    device_id: str
    state: str
    started_at: Instant = Field(validation_alias="started_ms")
    until: Instant = Field(validation_alias="until_ms")
    keys: list[TestedKey]


class PressTestBody(Strict):
    timeout_s: int = Field(TIMEOUT_MS // 1000, ge=1, le=TIMEOUT_MS_MAX // 1000)


class PressTests:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/devices", tags=["inspections"])
        path = "/{device_id}/press-test"
        router.add_api_route(path, self.show, response_model=PressTest)
        router.add_api_route(
            path, self.start, methods=["POST"], responses=ACT_RESPONSES
        )
        return router

    def show(self, device_id: str, caller: Reader) -> PressTestRow:
        """The last press test of a device, key by key."""
        self._sight.device(caller, device_id)
        found = self._ledger.press_test(device_id)
        if found is None:
            raise not_found(f"press test of {device_id}")
        return found

    async def start(
        self,
        device_id: str,
        caller: Operator,
        body: PressTestBody | None = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Begin a test: what is pressed from now on counts nowhere, until it ends.

        409 when the terminal is out of service: none of its presses is heard.
        """
        _in_service(await run_in_threadpool(self._sight.device, caller, device_id))
        timeout_s = (body or PressTestBody()).timeout_s
        act = PressTestAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            device_id=device_id,
            timeout_s=timeout_s,
        )
        return await self._acts.perform(ActName.PRESS_TEST_STARTED, act)


def _in_service(device: DeviceRow) -> None:
    """Raises ProblemError when presses of the device reach nobody."""
    detail = out_of_service(device.device_id, device.lifecycle)
    if detail is not None:
        raise ProblemError(HTTPStatus.CONFLICT, "conflict", detail)
