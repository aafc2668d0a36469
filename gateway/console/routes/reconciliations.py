"""/reconciliations: what each site's terminals did in a day, against what is kept."""

from datetime import date
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query
from pydantic import BeforeValidator, Field

from gateway.console.callers import Reader
from gateway.console.instants import Instant
from gateway.console.items import Item, ListOf
from gateway.console.requests import ListQuery, Text
from gateway.queries import LedgerQueries
from gateway.queries.reconciliations import ReconciliationFilter, ReconciliationRow

_DATE_LETTERS: Final = 10


def _date_of(given: object) -> object:
    """Of an instant, the date that it is written with."""
    return given[:_DATE_LETTERS] if isinstance(given, str) else given


LocalDay = Annotated[date, BeforeValidator(_date_of)]


class ReconciliationQuery(ListQuery):
    """Local days of each site: `day`, or from `from` up to `to`, which is left out."""

    site: Text | None = None
    day: LocalDay | None = None
    from_: LocalDay | None = Field(None, alias="from")
    to: LocalDay | None = None
    equal: bool | None = None

    def wanted(self, subtree: str | None) -> ReconciliationFilter:
        first = self.day or self.from_
        return ReconciliationFilter(
            subtree=subtree,
            site=self.site,
            from_day=first.toordinal() if first else None,
            to_day=self._end(),
            equal=self.equal,
        )

    def _end(self) -> int | None:
        """The first ordinal that is left out; after the last date, too."""
        if self.day is not None:
            return self.day.toordinal() + 1
        return None if self.to is None else self.to.toordinal()


class DeviceDayItem(Item):
    """`presses` is null without key counters; `exact` false: they began anew."""

    device_id: str
    presses: int | None
    exact: bool
    events: int | None
    accepted: int
    other: int
    duplicate: int
    flagged: int
    quarantined: int
    purged: int
    missing: int
    unexplained: int


class SinkDayItem(Item):
    """Totals up to the end of the day; null: the sink has not confirmed yet."""

    name: str
    addressed: int
    delivered: int | None
    dead: int | None
    owed: int | None
    equal: bool


class ReconciliationItem(Item):
    """`version` rises when late events correct the record.

    `presses` and `unexplained` are of the `counted` devices, those that tell presses;
    of the `unequal` ones the first are in `unequal_devices`.
    """

    site: str
    day: date
    version: int
    recorded_at: Instant
    equal: bool
    devices: int
    counted: int
    presses: int
    unexplained: int
    accepted: int
    other: int
    duplicate: int
    flagged: int
    quarantined: int
    missing: int
    unequal: int
    unequal_devices: list[DeviceDayItem]
    sinks: list[SinkDayItem]


class Reconciliations:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/reconciliations", tags=["statistics"])
        router.add_api_route("", self.list, response_model=ListOf[ReconciliationItem])
        return router

    def list(
        self, query: Annotated[ReconciliationQuery, Query()], caller: Reader
    ) -> ListOf[ReconciliationItem]:
        """The day that was recorded last first; one record for each site and day."""
        page = self._ledger.reconciliations(query.wanted(caller.site), query.part)
        items = [_item(row) for row in page.items]
        return ListOf[ReconciliationItem](items=items, next_cursor=page.next_cursor)


def _item(row: ReconciliationRow) -> ReconciliationItem:
    record = row.record
    told = msgspec.structs.asdict(record)
    del told["named"]
    told["sinks"] = [
        {**msgspec.structs.asdict(one), "equal": one.equal} for one in record.sinks
    ]
    return ReconciliationItem.model_validate(
        {
            "site": row.site,
            "day": date.fromordinal(row.day),
            "version": row.version,
            "recorded_at": row.at_ms,
            "equal": record.equal,
            "unequal_devices": [
                {**msgspec.structs.asdict(one), "unexplained": one.unexplained}
                for one in record.named
            ],
            **told,
        }
    )
