"""/sites/ranking, /sites/{id}/rollcall, /coverage: who needs hands this morning."""

from fastapi import APIRouter
from pydantic import Field

from gateway.console.callers import Reader
from gateway.console.instants import Instant
from gateway.console.items import Item, ListOf, Reason
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.asking import DeviceFilter, Page, Slice
from gateway.queries.needs import SiteNeed, WindowCover
from gateway.queries.rows import DeviceRow

_DEVICES_MAX = 1_000


class SiteNeedItem(Item):
    """`need` is 5 for each device offline, 4 failed, 2 stale, 1 degraded."""

    site: str
    devices: int
    offline: int
    stale: int
    failed: int
    degraded: int
    alerts: int
    need: int


class Present(Item):
    device_id: str
    window: str | None
    presence: str
    health: str
    reasons: list[Reason]
    last_seen_at: Instant | None = Field(validation_alias="last_seen_ms")


class Uncovered(Item):
    site: str | None
    window: str
    devices: list[str]


class Needs:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(tags=["organisation"])
        router.add_api_route(
            "/sites/ranking", self.ranking, response_model=ListOf[SiteNeedItem]
        )
        router.add_api_route(
            "/sites/{site}/rollcall", self.rollcall, response_model=ListOf[Present]
        )
        router.add_api_route(
            "/coverage", self.coverage, response_model=ListOf[Uncovered]
        )
        return router

    def ranking(self, caller: Reader) -> Page[SiteNeed]:
        """Sites by their need of hands, the neediest first."""
        return Page(self._ledger.ranking(caller.site), None)

    def rollcall(self, site: str, caller: Reader) -> Page[DeviceRow]:
        """The devices in service of a site: who is there, who is not, and why."""
        self._sight.show(caller, site, f"site {site}")
        wanted = DeviceFilter(site=site, lifecycle="active")
        return self._ledger.devices(wanted, Slice(limit=_DEVICES_MAX))

    def coverage(self, caller: Reader) -> Page[WindowCover]:
        """Windows in service without a device that is there and has not failed."""
        return Page(self._ledger.uncovered(caller.site), None)
