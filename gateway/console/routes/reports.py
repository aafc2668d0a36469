"""/reports: a month by site, department or employee, as CSV or as a page to print."""

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from gateway.console.callers import Reader
from gateway.console.figure_query import FigureQuery
from gateway.console.naming import names_of
from gateway.console.problems import ProblemError, not_found
from gateway.console.report_page import HEADERS, report_rows, rule_notes, table_page
from gateway.console.requests import Language, Month
from gateway.console.statistics import Found, Statistics, figures_of
from gateway.console.wording import Words
from gateway.queries import LedgerQueries
from gateway.ratings.periods import period
from gateway.ratings.reports import header, monthly_csv


class ReportQuery(FigureQuery):
    """`from` and `to` are those of the month, and cannot be given."""

    by: Literal["site", "department", "employee"] = "site"
    format: Literal["csv", "html"] = "csv"
    language: Language = "en"


_CONTENT: Final[dict[str, Any]] = {"text/csv": {}, "text/html": {}}
_UNPROCESSABLE: Final = HTTPStatus.UNPROCESSABLE_ENTITY


class Reports:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger
        self._statistics = Statistics(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/reports", tags=["statistics"])
        router.add_api_route(
            "/{month}",
            self.month,
            response_class=Response,
            responses={200: {"content": _CONTENT, "description": "The report"}},
        )
        return router

    def month(
        self, month: Month, query: Annotated[ReportQuery, Query()], caller: Reader
    ) -> Response:
        """One row a site, department or employee; completeness beside every score."""
        found = self._find(month, query, caller.site)
        rows = [
            (group.key, figures_of(group.cell, group.asked)) for group in found.groups
        ]
        if query.format == "html":
            ruled = [(group.key, group.asked) for group in found.groups]
            words = Words("printed", query.language)
            keys = (group.key[query.by] for group in found.groups)
            names = names_of(self._ledger, query.by, keys, caller.site)
            notes = rule_notes(ruled, found.terms.revision, words, names)
            title = words(f"ratings_{query.by}", month=month)
            cells = report_rows(rows, query.by, names, words)
            text = table_page(title, notes, header((query.by,)), cells, words)
            return Response(text, media_type="text/html", headers=dict(HEADERS))
        name = f"ratings-{month}-{query.by}.csv"
        return Response(
            monthly_csv((query.by,), rows),
            media_type="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _find(self, month: str, query: ReportQuery, subtree: str | None) -> Found:
        if {"from_", "to"} & query.model_fields_set:
            detail = "from, to: the path names the month"
            raise ProblemError(_UNPROCESSABLE, "invalid_request", detail)
        try:
            days = period(month)
        except ValueError:
            raise not_found(f"month {month}") from None
        return self._statistics.find(query, subtree, (query.by,), days)
