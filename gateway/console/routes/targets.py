"""/targets: figures that were below their targets when a period was over."""

import json
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.console.callers import Reader, whole_gateway
from gateway.console.instants import Instant
from gateway.console.items import Item, ListOf
from gateway.console.requests import ListQuery
from gateway.queries import LedgerQueries


class MissItem(Item):
    """As the event `figure.below_target` told it; figures as `/statistics` does."""

    period: str
    figure: str
    scope: dict[str, str | None]
    value: str
    target: str
    n: int
    rules_revision: str
    told_at: Instant


class Targets:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/targets", tags=["statistics"])
        router.add_api_route("/missed", self.missed, response_model=ListOf[MissItem])
        return router

    def missed(
        self, query: Annotated[ListQuery, Query()], caller: Reader
    ) -> ListOf[MissItem]:
        """Newest first, of the whole gateway."""
        whole_gateway(caller)
        page = self._ledger.missed_targets(query.part)
        items = [
            MissItem(
                period=one.period,
                figure=one.figure,
                scope=json.loads(one.scope),
                value=one.value,
                target=one.at_least,
                n=one.n,
                rules_revision=one.rules,
                told_at=one.at_ms,
            )
            for one in page.items
        ]
        return ListOf[MissItem](items=items, next_cursor=page.next_cursor)
