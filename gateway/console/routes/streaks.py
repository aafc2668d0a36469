"""/streaks: who was below a level for months in a row, as JSON or as CSV."""

from collections import defaultdict
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from gateway.console.callers import Reader
from gateway.console.figure_query import FigureQuery
from gateway.console.items import Item, ListOf
from gateway.console.problems import ProblemError
from gateway.console.requests import Text
from gateway.console.statistics import Statistics, figures_of
from gateway.queries import LedgerQueries
from gateway.ratings.tabular import safe_name, to_csv
from gateway.ratings.targets import Streak, streaks, value_of

_CONTENT: Final[dict[str, Any]] = {"text/csv": {}, "application/json": {}}


class StreakQuery(FigureQuery):
    """Months that lie between `from` and `to`, also those that are not over."""

    figure: Text = "satisfaction_rate"
    below: Annotated[Decimal, Field(max_digits=15, decimal_places=4)]
    months: int = Field(3, ge=1, le=120, description="At least so many in a row.")
    by: Literal["site", "department", "window", "employee", "device", "service"] = (
        "department"
    )
    format: Literal["json", "csv"] = "json"


class StreakItem(Item):
    """Each of the months with its figure, the first month first."""

    who: str
    months: list[str]
    values: list[str]


class Streaks:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._statistics = Statistics(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/streaks", tags=["statistics"])
        router.add_api_route(
            "",
            self.list,
            response_model=ListOf[StreakItem],
            responses={200: {"content": _CONTENT}},
        )
        return router

    def list(
        self, query: Annotated[StreakQuery, Query()], caller: Reader
    ) -> ListOf[StreakItem] | Response:
        """By name; somebody who was below, rose and fell again has two rows."""
        found = streaks(self._series(query, caller.site), query.below, query.months)
        if query.format == "csv":
            return _csv(query, found)
        items = [StreakItem.model_validate(one._asdict()) for one in found]
        return ListOf[StreakItem](items=items, next_cursor=None)

    def _series(
        self, query: StreakQuery, subtree: str | None
    ) -> dict[str, dict[str, str | None]]:
        """Who → month → figure; what has no name of this kind is nobody."""
        series: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
        found = self._statistics.find(query, subtree, (query.by, "month"))
        for group in found.groups:
            who, month = group.key.values()
            if who is not None:
                value = _value(query, figures_of(group.cell, group.asked))
                series[str(who)][str(month)] = value
        return series


def _value(query: StreakQuery, found: Any) -> str | None:  # noqa: ANN401 -- figures
    try:
        value = value_of(found, query.figure)
    except ValueError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        raise ProblemError(status, "invalid_request", f"figure: {error}") from None
    return None if value is None else f"{value}"


def _csv(query: StreakQuery, found: list[Streak]) -> Response:
    header = (query.by, "from", "to", "months", "lowest", "highest", query.figure)
    rows = [_row(one) for one in found]
    name = f"below-{query.below}-by-{query.by}.csv"
    return Response(
        to_csv(header, rows),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _row(one: Streak) -> tuple[object, ...]:
    values = sorted(map(Decimal, one.values))
    whole = (one.months[0], one.months[-1], len(one.months), values[0], values[-1])
    return (safe_name(one.who), *whole, " ".join(one.values))
