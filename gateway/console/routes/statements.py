"""/statements: closed months, sealed, and what was adjusted since."""

import json
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, MonthSealAct
from gateway.console.acts import Acts
from gateway.console.callers import Auditor, Caller, Reader
from gateway.console.instants import Instant
from gateway.console.items import ACT_RESPONSES, Item, ListOf
from gateway.console.naming import names_of
from gateway.console.problems import not_found
from gateway.console.report_page import HEADERS, report_rows, rule_notes, table_page
from gateway.console.requests import IdempotencyKey, ListQuery, Month, Text
from gateway.console.sealed import SealedItem, SiteQuery, told
from gateway.console.sealed_figures import (
    Grouped,
    SealedFigures,
    SealedFiguresQuery,
    SealedGroups,
)
from gateway.console.sight import Sight
from gateway.console.wording import Words
from gateway.events import rfc3339
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.statements import StatementDetail, StatementRow
from gateway.ratings.reports import header, monthly_csv
from gateway.ratings.statements import is_intact

_CONTENT: Final[dict[str, Any]] = {
    "application/json": {},
    "text/csv": {},
    "text/html": {},
}


class StatementsQuery(ListQuery):
    adjusted: bool = Field(
        default=False,
        description="Tell, too, how many groups have changed since: 12 months a page.",
    )


class ChangesQuery(ListQuery):
    site: Text | None = None


class StatementItem(SealedItem):
    """A closed month of ratings; `adjusted`: how many groups have changed since.

    A group is an employee of a department; null: that was not asked for.
    """

    adjusted: int | None = None


class Group(Item):
    """Counts by slot, of one employee of one department.

    `customer.4` are ratings by origin and level, `customer.4!` those that a flag keeps
    out, `customer.4@4-maker` those of either that were given on another scale than 5.
    """

    department: str | None
    employee: str | None
    counts: dict[str, int]


class StatementWhole(StatementItem):
    groups: list[Group]
    adjustments: list[Group]


class Change(Item):
    """What changed the counts since; `at`: when it did so last.

    `late` ratings came after the seal, `amended` ones amend another, a `default` was
    given when a deadline had passed, `voided` ones say by whom and why, `flagged` ones
    have other flags by now, `moved` ones count in another month. `service` is news of
    a session: `reason` names them (ended, cancelled, …).
    """

    at: Instant = Field(validation_alias="at_ms")
    kind: Literal["late", "amended", "default", "voided", "flagged", "moved", "service"]
    rating_id: str | None
    session_key: str | None
    site: str | None
    department: str | None
    employee: str | None
    level: int | None
    by: str | None
    reason: str | None


class Statements:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)
        self._figures = SealedFigures(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/statements", tags=["statistics"])
        router.add_api_route("", self.list, response_model=ListOf[StatementItem])
        router.add_api_route("/{month}", self.show, response_model=StatementWhole)
        router.add_api_route(
            "/{month}/figures",
            self.figures,
            response_model=SealedGroups,
            responses={200: {"content": _CONTENT}},
        )
        router.add_api_route(
            "/{month}/changes", self.changes, response_model=ListOf[Change]
        )
        router.add_api_route(
            "/{month}", self.seal, methods=["POST"], responses=ACT_RESPONSES
        )
        return router

    def list(
        self, query: Annotated[StatementsQuery, Query()], caller: Reader
    ) -> ListOf[StatementItem]:
        """The newest month first."""
        rows: Page[StatementRow] | Page[StatementDetail]
        found: list[tuple[StatementRow, int | None]]
        if query.adjusted:
            rows = self._ledger.compared_statements(query.part)
            found = [(one.row, len(one.adjustments)) for one in rows.items]
        else:
            rows = self._ledger.statements(query.part)
            found = [(one, None) for one in rows.items]
        items = [
            _item(row, adjusted)
            for row, adjusted in found
            if self._sight.sees(caller, row.statement.site)
        ]
        return ListOf[StatementItem](items=items, next_cursor=rows.next_cursor)

    def show(
        self, month: Month, query: Annotated[SiteQuery, Query()], caller: Reader
    ) -> StatementWhole:
        """What was sealed, and what later changes have added or taken since."""
        detail = self._found(month, query.site, caller)
        cells = detail.row.statement.cells
        return StatementWhole(
            **told(detail.row.author, detail.row.statement),
            adjusted=len(detail.adjustments),
            groups=[_group(key, counts) for key, counts in cells.items()],
            adjustments=[_group(*one) for one in detail.adjustments],
        )

    def figures(
        self,
        month: Month,
        query: Annotated[SealedFiguresQuery, Query()],
        caller: Reader,
    ) -> Response:
        """Figures of what was sealed, by the rules in force, and by now beside them."""
        detail = self._found(month, query.site, caller)
        found = self._figures.grouped(detail, query)
        if query.format == "html":
            return self._printed(detail, query, found, caller)
        if query.format == "csv":
            name = f"sealed-{month}-{query.by}.csv"
            rows = ((one.key, one.figures) for one in found.groups)
            return Response(
                monthly_csv((query.by,), rows),
                media_type="text/csv",
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )
        end = query.cursor + query.limit
        body = SealedGroups.model_validate(
            {
                "items": [one.told() for one in found.groups[query.cursor : end]],
                "next_cursor": str(end) if end < len(found.groups) else None,
                "rules_revision": found.revision,
                "score_maps": found.score_maps,
            }
        )
        return Response(body.model_dump_json(), media_type="application/json")

    def _printed(
        self,
        detail: StatementDetail,
        query: SealedFiguresQuery,
        found: Grouped,
        caller: Caller,
    ) -> Response:
        words, one = Words("printed", query.language), detail.row.statement
        site = words("all_sites")
        if one.site:
            known = names_of(self._ledger, "site", [one.site], caller.site)
            site = known.get(one.site, one.site)
        keys = (each.key[query.by] for each in found.groups)
        names = names_of(self._ledger, query.by, keys, caller.site)
        ruled = ((each.key, each.asked) for each in found.groups)
        as_of = rfc3339(one.as_of_ms)
        intact = words("intact" if is_intact(one) else "altered")
        notes = [
            words("sealed", author=detail.row.author, at=as_of, rules=one.rules),
            *rule_notes(ruled, found.revision, words, names),
            words("changed", count=len(detail.adjustments) or words("nothing")),
            words("digest", digest=one.digest, intact=intact),
        ]
        title = words(f"sealed_{query.by}", month=one.period, site=site)
        rows = ((each.key, each.figures) for each in found.groups)
        cells = report_rows(rows, query.by, names, words)
        text = table_page(title, notes, header((query.by,)), cells, words)
        return Response(text, media_type="text/html", headers=dict(HEADERS))

    def changes(
        self, month: Month, query: Annotated[ChangesQuery, Query()], caller: Reader
    ) -> ListOf[Change]:
        """The ratings and sessions that changed it since, the newest first."""
        self._sight.reach(caller, query.site)
        rows = self._ledger.statement_changes(query.site or "", month, query.part)
        if rows is None:
            raise not_found(f"sealed month {month}")
        items = [Change.model_validate(one) for one in rows.items]
        return ListOf[Change](items=items, next_cursor=rows.next_cursor)

    def _found(self, month: str, site: str | None, caller: Caller) -> StatementDetail:
        self._sight.reach(caller, site)
        detail = self._ledger.statement(site or "", month)
        if detail is None:
            raise not_found(f"sealed month {month}")
        return detail

    async def seal(
        self,
        month: Month,
        query: Annotated[SiteQuery, Query()],
        caller: Auditor,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Seal a month that is over, once."""
        await run_in_threadpool(self._sight.reach_known, caller, query.site)
        act = MonthSealAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            month=month,
            site=query.site,
        )
        return await self._acts.perform(ActName.MONTH_SEALED, act)


def _item(row: StatementRow, adjusted: int | None) -> StatementItem:
    fields = told(row.author, row.statement)
    return StatementItem.model_validate({**fields, "adjusted": adjusted})


def _group(key: str, counts: dict[str, int]) -> Group:
    department, employee = json.loads(key)
    return Group(department=department, employee=employee, counts=counts)
