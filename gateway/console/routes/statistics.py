"""/statistics: every figure, by whatever it is counted by."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from gateway.console import figure_items as items
from gateway.console.callers import ReaderOrClerk, credited
from gateway.console.figure_query import StatisticsQuery
from gateway.console.statistics import Statistics, Telling, cursor_of
from gateway.queries import LedgerQueries


class Figures:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._statistics = Statistics(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/statistics", tags=["statistics"])
        router.add_api_route("", self.list, response_model=items.Statistics)
        return router

    def list(
        self, query: Annotated[StatisticsQuery, Query()], caller: ReaderOrClerk
    ) -> Response:
        """Verified figures, unless `include_flagged` asks for what is kept out."""
        whose = credited(caller, query.employee)
        asked = query.model_copy(update={"employee": whose})
        found = self._statistics.page(asked, caller.site)
        tell = Telling(found.terms).tell
        body = {
            "items": [tell(group) for group in found.groups],
            "next_cursor": cursor_of(found.groups[-1]) if found.more else None,
        }
        # Encoded here: checking a page against its model costs more than its figures.
        return Response(msgspec.json.encode(body), media_type="application/json")
