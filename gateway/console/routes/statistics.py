"""/statistics: every figure, by whatever it is counted by."""

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.console import figure_items as items
from gateway.console.callers import Reader
from gateway.console.figure_query import StatisticsQuery
from gateway.console.statistics import Statistics, statistic
from gateway.queries import LedgerQueries


class Figures:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._statistics = Statistics(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/statistics", tags=["statistics"])
        router.add_api_route("", self.list, response_model=items.Statistics)
        return router

    def list(
        self, query: Annotated[StatisticsQuery, Query()], caller: Reader
    ) -> items.Statistics:
        """Verified figures, unless `include_flagged` asks for what is kept out."""
        found = self._statistics.find(query, caller.site, tuple(query.group_by))
        first = int(query.cursor or 0)
        end = first + query.limit
        shown = [statistic(group, found) for group in found.groups[first:end]]
        more = str(end) if end < len(found.groups) else None
        return items.Statistics(items=shown, next_cursor=more)
