"""/sites, /departments, /windows, /employees, /bindings, /closures."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import create_model
from starlette.concurrency import run_in_threadpool

from fleet.tables import COLUMNS, Row
from gateway.acts import ActName, RegistryPutAct
from gateway.console.acts import Acts
from gateway.console.bodies import given, one_or_several
from gateway.console.bounds import Bounds
from gateway.console.callers import Administrator, Caller, Operator, Reader
from gateway.console.items import ACT_RESPONSES
from gateway.console.organisation import TABLES, OrganisationRow
from gateway.console.preconditions import IfMatch, etag, revisions
from gateway.console.requests import IdempotencyKey, RegistryQuery
from gateway.console.tables import check_rows
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page

_ROWS_MAX: Final = 5_000
DAILY: Final = frozenset({"bindings", "closures"})
"""Tables that operators change; the others are an administrator's."""


class Organisation:
    """One list and one PUT a table; rows that a PUT does not name stay."""

    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._bounds = Bounds(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(tags=["organisation"])
        for table, model in TABLES.items():
            router.add_api_route(
                f"/{table}",
                self._listing(table),
                response_model=_page_of(model),
                name=f"list_{table}",
            )
            router.add_api_route(
                f"/{table}",
                self._putting(table, model),
                methods=["PUT"],
                name=f"put_{table}",
                responses=ACT_RESPONSES,
            )
        return router

    def _listing(self, table: str) -> Callable[..., Page[dict[str, str | None]]]:
        def list_rows(
            query: Annotated[RegistryQuery, Query()], caller: Reader, response: Response
        ) -> Page[dict[str, str | None]]:
            if query.cursor is None:  # before its rows, so that it is never newer
                response.headers["ETag"] = etag(
                    self._ledger.revision(table, caller.site)
                )
            page = self._ledger.registry(table, query.part, caller.site, query.key)
            rows = [
                {name: row.get(name) for name in COLUMNS[table]} for row in page.items
            ]
            return Page(rows, page.next_cursor)

        list_rows.__doc__ = (
            f"The {table}, in the order of their keys. The first page has an `ETag` of"
            " all its rows that the caller sees, for `If-Match` of who changes it."
        )
        return list_rows

    def _putting(
        self, table: str, model: type[OrganisationRow]
    ) -> Callable[..., Awaitable[JSONResponse]]:
        who: Any = Operator if table in DAILY else Administrator
        either: Any = one_or_several(model, _ROWS_MAX)

        async def put_rows(
            body: either,
            caller: who,
            if_match: IfMatch = None,
            idempotency_key: IdempotencyKey = None,
        ) -> JSONResponse:
            act = RegistryPutAct(
                author=caller.name,
                idempotency_key=idempotency_key,
                table=table,
                rows=_rows(table, body),
                revisions=revisions(if_match),
                subtree=caller.site,
            )
            await run_in_threadpool(check_rows, table, act.rows)
            if caller.site is not None:
                await run_in_threadpool(self._bounded, table, act.rows, caller)
            return await self._acts.perform(ActName.REGISTRY_PUT, act)

        put_rows.__doc__ = (
            f"Put {table} in force: one row, an array, or `items` as the list tells"
            " them. Each is the whole row of its key; other rows stay. With `If-Match`,"
            " 412 when somebody else changed what the caller sees of the table."
        )
        return put_rows

    def _bounded(self, table: str, rows: list[Row], caller: Caller) -> None:
        """Who is bound to a site puts rows of it, and replaces none of another."""
        for row in rows:
            self._bounds.row(table, row, caller)


@cache
def _page_of(model: type[OrganisationRow]) -> Any:  # noqa: ANN401 -- a model made here
    fields: dict[str, Any] = {"items": list[model], "next_cursor": str | None}  # type: ignore[valid-type]  # made for each table
    return create_model(f"ListOf_{model.__name__}_", **fields)


def _rows(table: str, body: object) -> list[Row]:
    rows = [row.model_dump(by_alias=True) for row in given(body)]
    return [{name: row[name] or None for name in COLUMNS[table]} for row in rows]
