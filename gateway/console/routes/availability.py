"""/availability: how much of their hours devices served, MTBF, MTTR, completeness."""

import heapq
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field, field_validator, model_validator

from fleet.availability import REPORT_COLUMNS, Key, Tally, report_row
from gateway.console.callers import Reader
from gateway.console.instants import Instant
from gateway.console.items import Item
from gateway.console.problems import ProblemError
from gateway.console.requests import Strict, Text
from gateway.queries import LedgerQueries
from gateway.queries.availability import AvailabilityFilter, AvailabilityFound
from gateway.ratings.tabular import to_csv

GROUPS_MAX: Final = 20_000
_DAYS_MAX: Final = 400
_WORST_MAX: Final = 1_000
_CONTENT: Final[dict[str, Any]] = {"text/csv": {}, "application/json": {}}

Dimension = Literal["device", "site", "month", "model", "firmware"]


class AvailabilityQuery(Strict):
    """Local days of each site; `to` is left out itself, and so is today."""

    from_: date = Field(alias="from")
    to: date
    group_by: Annotated[tuple[Dimension, ...], Query(max_length=5)] = ("device",)
    site: Text | None = None
    device: Text | None = None
    format: Literal["json", "csv"] = "json"
    worst: int | None = Field(
        None,
        ge=1,
        le=_WORST_MAX,
        description="So many groups alone, the least available first.",
    )

    @field_validator("group_by", mode="before")
    @classmethod
    def _names(cls, given: Sequence[str]) -> list[str]:
        """Names between commas, or one a parameter."""
        return [name.strip() for text in given for name in text.split(",")]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) < self.to - self.from_ <= timedelta(_DAYS_MAX):
            raise ValueError(f"from must be before to, by {_DAYS_MAX} days at most")
        if len(set(self.group_by)) < len(self.group_by):
            raise ValueError("group_by: a dimension is named twice")
        return self

    def wanted(self, subtree: str | None) -> AvailabilityFilter:
        return AvailabilityFilter(
            subtree=subtree,
            days=(self.from_.toordinal(), self.to.toordinal()),
            group_by=tuple(self.group_by),
            site=self.site,
            device=self.device,
        )


class AvailabilityItem(Item):
    """Percentages have two places; times are ms within business hours.

    Null: there is nothing to divide by. Sums that are 0 are told, too.
    """

    group: dict[str, str]
    availability: str | None
    mtbf_ms: int | None
    mttr_ms: int | None
    inspections_in_time: str | None
    completeness: str | None
    required_ms: int
    down_ms: int
    maintenance_ms: int
    unobserved_ms: int
    failures: int
    repairs: int
    repair_ms: int
    inspections: int
    in_time: int
    received: int
    missing: int


class AvailabilityList(Item):
    """All groups, by their names; the journal was folded up to `as_of`."""

    items: list[AvailabilityItem]
    as_of: Instant


class Availability:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/availability", tags=["inspections"])
        router.add_api_route(
            "",
            self.list,
            response_model=AvailabilityList,
            responses={200: {"content": _CONTENT}},
        )
        return router

    def list(
        self, query: Annotated[AvailabilityQuery, Query()], caller: Reader
    ) -> AvailabilityList | Response:
        """By device, site, month, model, firmware, or several of them."""
        found = self._ledger.availability(query.wanted(caller.site))
        if len(found.groups) > GROUPS_MAX:
            detail = f"more than {GROUPS_MAX} groups: ask for a site, or fewer days"
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail
            )
        if query.format == "csv":
            return _csv(query, found)
        groups = _worst(found.groups, query.worst)
        items = [item(key, tally, query.group_by) for key, tally in groups]
        return AvailabilityList(items=items, as_of=found.as_of_ms)


def _worst(groups: Mapping[Key, Tally], count: int | None) -> list[tuple[Key, Tally]]:
    if count is None:
        return list(groups.items())
    return heapq.nsmallest(count, groups.items(), key=lambda one: _up_share(one[1]))


def _up_share(tally: Tally) -> float:
    """What nothing was required of cannot have been missing."""
    return 1 - tally.down_ms / tally.required_ms if tally.required_ms else 1.0


def item(key: Key, tally: Tally, names: Sequence[str]) -> AvailabilityItem:
    """A group as the API tells it."""
    shown = dict(zip(REPORT_COLUMNS, report_row(key, tally, ()), strict=True))
    group = {name: getattr(key, name) for name in names}
    return AvailabilityItem.model_validate({"group": group, **shown})


def _csv(query: AvailabilityQuery, found: AvailabilityFound) -> Response:
    names = query.group_by
    rows = (report_row(key, tally, names) for key, tally in found.groups.items())
    name = f"availability-{query.from_}-{query.to}.csv"
    return Response(
        to_csv((*names, *REPORT_COLUMNS), rows),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
