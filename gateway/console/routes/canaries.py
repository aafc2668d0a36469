"""/canaries: how presses of ghost terminals arrive at the journal and at sinks."""

from fastapi import APIRouter

from gateway.console.callers import Reader
from gateway.console.instants import Instant
from gateway.console.items import Item, ListOf
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.canaries import CanaryRow


class CanaryItem(Item):
    """One site's way to one end; `sink` null: the journal.

    `delay_ms` is that of the newest press that arrived; `health`: waiting (none had to
    arrive yet since `expected_since`), ok, slow, missing.
    """

    site: str
    sink: str | None
    device_id: str
    health: str
    delay_ms: int | None
    pressed_at: Instant | None
    arrived_at: Instant | None
    expected_since: Instant


class Canaries:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/canaries", tags=["watch"])
        router.add_api_route("", self.list, response_model=ListOf[CanaryItem])
        return router

    def list(self, caller: Reader) -> ListOf[CanaryItem]:
        """Every site that has a ghost, the journal first and then its sinks."""
        seen: dict[str, bool] = {}
        items = []
        for row in self._ledger.canaries():
            if row.site not in seen:
                seen[row.site] = self._sight.sees(caller, row.site)
            if seen[row.site]:
                items.append(_item(row))
        return ListOf[CanaryItem](items=items, next_cursor=None)


def _item(row: CanaryRow) -> CanaryItem:
    return CanaryItem(
        site=row.site,
        sink=row.sink or None,
        device_id=row.device_id,
        health=row.health,
        delay_ms=row.delay_ms,
        pressed_at=row.pressed_ms,
        arrived_at=row.arrived_ms,
        expected_since=row.since_ms,
    )
