"""/sites/ranking, /sites/{id}/rollcall, /coverage: who needs hands this morning."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field

from gateway.console.callers import Reader
from gateway.console.device_items import Reason
from gateway.console.instants import Instant
from gateway.console.items import Item, ListOf
from gateway.console.requests import LIMIT_MAX, ListQuery
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.asking import DeviceFilter, Page
from gateway.queries.needs import SiteNeed, WindowCover
from gateway.queries.rows import DeviceRow

_GONE: Final = frozenset({"retired", "refused"})


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


class RollcallQuery(ListQuery):
    limit: int = Field(LIMIT_MAX, ge=1, le=LIMIT_MAX)
    all: bool = Field(
        default=False,
        description="With devices that wait for approval or are in maintenance, and"
        " with windows at which no device stands.",
    )


class Present(Item):
    """A device; `device_id` is null for a window at which none stands."""

    device_id: str | None
    window: str | None
    lifecycle: str | None
    presence: str
    presence_since: Instant | None = Field(validation_alias="presence_since_ms")
    health: str
    reasons: list[Reason]
    last_seen_at: Instant | None = Field(validation_alias="last_seen_ms")
    last_rating_at: Instant | None = Field(validation_alias="last_rating_ms")
    battery_pct: int | None
    rssi_dbm: float | None


def _vacant(window: str) -> Present:
    return Present(
        device_id=None,
        window=window,
        lifecycle=None,
        presence="unseen",
        presence_since=None,
        health="ok",
        reasons=[],
        last_seen_at=None,
        last_rating_at=None,
        battery_pct=None,
        rssi_dbm=None,
    )


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

    def rollcall(
        self, site: str, query: Annotated[RollcallQuery, Query()], caller: Reader
    ) -> Page[DeviceRow | Present]:
        """The devices in service of a site: who is there, who is not, and why."""
        self._sight.show(caller, site, f"site {site}")
        self._sight.known(caller, "sites", site)
        lifecycle = None if query.all else "active"
        wanted = DeviceFilter(site=site, lifecycle=lifecycle)
        found = self._ledger.devices(wanted, query.part)
        items: list[DeviceRow | Present] = [
            one for one in found.items if one.lifecycle not in _GONE
        ]
        if query.all and found.next_cursor is None:
            items += map(_vacant, self._ledger.vacant(site))
        return Page(items, found.next_cursor)

    def coverage(self, caller: Reader) -> Page[WindowCover]:
        """Windows in service without a device that is there and has not failed."""
        return Page(self._ledger.uncovered(caller.site), None)
