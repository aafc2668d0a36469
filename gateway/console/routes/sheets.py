"""/{table}/export and /{table}/import of the organisation's tables, as CSV."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from fleet.tables import COLUMNS, Row, RowError, key_of, misplaced
from gateway.acts import ActName, RegistryPutAct, RowRefused
from gateway.console.acts import Acts, pending
from gateway.console.bounds import Bounds
from gateway.console.callers import Administrator, Caller, Operator, Reader
from gateway.console.device_items import Imported
from gateway.console.items import ACT_RESPONSES
from gateway.console.organisation import TABLES
from gateway.console.problems import ProblemError
from gateway.console.requests import IdempotencyKey, ImportQuery
from gateway.console.routes.organisation import DAILY
from gateway.console.tables import (
    ERRORS_MAX,
    Sheet,
    check_row,
    read_sheet,
    refuse_repeated,
    write_sheet,
)
from gateway.queries import LedgerQueries
from gateway.queries.asking import Slice

_CSV: Final = "text/csv"
_SHEET: Final = {"schema": {"type": "string"}}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {_CSV: _SHEET}}
}
_PAGE: Final = 1_000


class Sheets:
    """Each row is the whole row of its key; rows that a sheet does not name stay."""

    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._bounds = Bounds(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(tags=["organisation"])
        for table in TABLES:
            router.add_api_route(
                f"/{table}/export",
                self._exporting(table),
                name=f"export_{table}",
                response_class=Response,
                responses={
                    200: {"content": {_CSV: _SHEET}, "description": "All columns"}
                },
            )
            router.add_api_route(
                f"/{table}/import",
                self._importing(table),
                methods=["POST"],
                name=f"import_{table}",
                response_model=Imported,
                responses={202: ACT_RESPONSES[202]},
                openapi_extra=_BODY,
            )
        return router

    def _exporting(self, table: str) -> Callable[[Reader], Response]:
        def export_rows(caller: Reader) -> Response:
            text = write_sheet(self._rows(table, caller.site), table)
            name = f'attachment; filename="{table}.csv"'
            return Response(
                text,
                media_type=f"{_CSV}; charset=utf-8",
                headers={"Content-Disposition": name},
            )

        export_rows.__doc__ = f"All {table} as a CSV table, which `import` takes again."
        return export_rows

    def _importing(self, table: str) -> Callable[..., Awaitable[JSONResponse]]:
        who: Any = Operator if table in DAILY else Administrator

        async def import_rows(
            request: Request,
            query: Annotated[ImportQuery, Query()],
            caller: who,
            idempotency_key: IdempotencyKey = None,
        ) -> JSONResponse:
            sheet = read_sheet(await request.body(), table)
            rows, counts = await run_in_threadpool(self._judged, table, sheet, caller)
            place = None
            if rows and not query.dry_run:
                act = RegistryPutAct(
                    author=caller.name,
                    idempotency_key=idempotency_key,
                    table=table,
                    rows=rows,
                )
                at, outcome = await self._acts.settle(ActName.REGISTRY_PUT, act)
                if outcome is None:
                    return pending(at)
                place = str(at)
            told = {"dry_run": query.dry_run, "place": place, **counts}
            return JSONResponse(Imported.model_validate(told).model_dump())

        import_rows.__doc__ = (
            f"Put the rows of a CSV table of {table} in force; each that cannot be is"
            " told by line. The same table again changes nothing."
        )
        return import_rows

    def _judged(
        self, table: str, sheet: Sheet, caller: Caller
    ) -> tuple[list[Row], dict[str, Any]]:
        """The rows that change something, and what is to be told of all."""
        good, refused = _checked(table, refuse_repeated(sheet, table))
        known = {key_of(table, row): row for row in self._rows(table, None)}
        if table == "sites":
            self._place_sites(known, good, refused)
        counts = {"created": 0, "changed": 0, "unchanged": 0}
        rows: list[Row] = []
        for line, row in good.items():
            try:
                self._bounds.row(table, row, caller)
            except ProblemError:
                outside = f"outside of the site {caller.site}"
                refused.append(RowRefused(line, outside))
                continue
            now = known.get(key_of(table, row))
            if now == row:
                counts["unchanged"] += 1
                continue
            counts["created" if now is None else "changed"] += 1
            rows.append(row)
        refused.sort(key=lambda one: one.line)
        errors = [{"line": one.line, "detail": one.detail} for one in refused]
        return rows, {
            **counts,
            "refused": len(refused),
            "errors": errors[:ERRORS_MAX],
        }

    @staticmethod
    def _place_sites(
        known: dict[str, Row], good: dict[int, Row], refused: list[RowRefused]
    ) -> None:
        """Refuse the sites that would not stand in a tree of bounded depth."""
        parents = {site: row.get("parent") for site, row in known.items()}
        fresh = {row["id"] or "": row.get("parent") for row in good.values()}
        wrong = misplaced(parents, fresh)
        for line, row in list(good.items()):
            if said := wrong.get(row["id"] or ""):
                refused.append(RowRefused(line, said))
                del good[line]

    def _rows(self, table: str, subtree: str | None) -> list[Row]:
        rows: list[Row] = []
        cursor: str | None = None
        while True:
            page = self._ledger.registry(table, Slice(_PAGE, cursor), subtree)
            rows += [_whole(table, row) for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return rows


def _checked(table: str, sheet: Sheet) -> tuple[dict[int, Row], list[RowRefused]]:
    """The rows that make sense, by their lines, and those that do not."""
    good: dict[int, Row] = {}
    refused = list(sheet.refused)
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        try:
            check_row(table, row)
        except RowError as error:
            refused.append(RowRefused(line, str(error)))
        else:
            good[line] = _whole(table, row)
    return good, refused


def _whole(table: str, row: Row) -> Row:
    return {name: row.get(name) or None for name in COLUMNS[table]}
