"""/statistics: every figure, by whatever it is counted by, and composites."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from gateway.console import figure_items as items
from gateway.console.callers import ReaderOrClerk, credited
from gateway.console.composites import Composites
from gateway.console.figure_query import CompositeQuery, StatisticsQuery
from gateway.console.statistics import Statistics, Telling, cursor_of
from gateway.queries import LedgerQueries


class Figures:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._statistics = Statistics(ledger)
        self._composites = Composites(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/statistics", tags=["statistics"])
        router.add_api_route("", self.list, response_model=items.Statistics)
        router.add_api_route(
            "/composites", self.composites, response_model=items.Composites
        )
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
            "next_cursor": cursor_of(found.groups[-1].key) if found.more else None,
        }
        # Encoded here: checking a page against its model costs more than its figures.
        return Response(msgspec.json.encode(body), media_type="application/json")

    def composites(
        self, query: Annotated[CompositeQuery, Query()], caller: ReaderOrClerk
    ) -> items.Composites:
        """The scores of several items weighed into one; verified, as figures are."""
        whose = credited(caller, query.employee)
        asked = query.model_copy(update={"employee": whose})
        found = self._composites.page(asked, caller.site)
        cursor = None if found.last is None else cursor_of(found.last)
        return items.Composites.model_validate(
            {"items": found.items, "next_cursor": cursor}
        )
