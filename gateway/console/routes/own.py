"""/me: who a clerk is, and its figures beside those of its department.

What a colleague was told stays with the colleague: figures of a department are of whole
months, which nobody can take from one another, and withheld while they are of too few.
"""

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.console import figure_items as items
from gateway.console.callers import Caller, Clerk
from gateway.console.figure_query import FigureQuery
from gateway.console.naming import names_of
from gateway.console.problems import not_found
from gateway.console.requests import Month
from gateway.console.statistics import Group, Statistics, figures_of
from gateway.queries import LedgerQueries
from gateway.ratings.figures import Figures
from gateway.ratings.periods import Period, period

COLLEAGUES_MIN: Final = 2
"""Of so many others the figures of a department are, or they tell of one of them."""
_DEPARTMENTS_MAX: Final = 20
_DEPARTMENT: Final = ("department",)
_WINDOW: Final = ("window",)
_EMPLOYEE: Final = ("employee",)


class Myself(BaseModel):
    name: str
    employee_id: str
    site: str | None


class OfDepartment(BaseModel):
    """All null when withheld: of too few ratings, or too few colleagues."""

    department: str
    withheld: bool
    rated: int | None
    satisfaction_rate: items.Percentage
    mean_level: str | None


class Names(BaseModel):
    """By id; what has no name is left out."""

    departments: dict[str, str]
    windows: dict[str, str]


class OwnFigures(BaseModel):
    """Verified figures of a month of the sites' calendars."""

    employee_id: str
    month: str
    figures: items.Figures
    departments: list[OfDepartment] = Field(
        description="Those in which the employee was rated in this month."
    )
    names: Names = Field(description="Of these departments, and of its windows.")


class Own:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger
        self._statistics = Statistics(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/me", tags=["clerks"])
        router.add_api_route("", self.show, name="show_me", response_model=Myself)
        router.add_api_route(
            "/figures/{month}",
            self.figures,
            name="own_figures",
            response_model=OwnFigures,
        )
        return router

    def show(self, caller: Clerk) -> Myself:
        """As whom one is logged in."""
        return Myself(
            name=caller.name, employee_id=caller.employee or "", site=caller.site
        )

    def figures(self, month: Month, caller: Clerk) -> OwnFigures:
        """One's own figures, and those of the departments one was rated in."""
        try:
            days = period(month)
        except ValueError:
            raise not_found(f"month {month}") from None
        mine = FigureQuery(employee=caller.employee)
        (whole,) = self._find(mine, caller, (), days)
        parts = self._find(mine, caller, _DEPARTMENT, days)
        names = [str(it.key["department"]) for it in parts if it.key["department"]]
        windows = [it.key["window"] for it in self._find(mine, caller, _WINDOW, days)]
        return OwnFigures(
            employee_id=caller.employee or "",
            month=month,
            figures=items.Figures.model_validate(_figures(whole), from_attributes=True),
            departments=[
                self._department(name, caller, days)
                for name in names[:_DEPARTMENTS_MAX]
            ],
            names=Names(
                departments=names_of(self._ledger, "department", names, caller.site),
                windows=names_of(self._ledger, "window", windows, caller.site),
            ),
        )

    def _department(self, name: str, caller: Caller, days: Period) -> OfDepartment:
        asked = FigureQuery(department=name)
        people = self._find(asked, caller, _EMPLOYEE, days)
        (whole,) = self._find(asked, caller, (), days)
        figures = _figures(whole)
        others = sum(
            it.key["employee"] not in {None, caller.employee} and _figures(it).rated > 0
            for it in people
        )
        withheld = others < COLLEAGUES_MIN or not figures.min_n_met
        return OfDepartment(
            department=name,
            withheld=withheld,
            rated=None if withheld else figures.rated,
            satisfaction_rate=None if withheld else figures.satisfaction_rate,
            mean_level=None if withheld else figures.mean_level,
        )

    def _find(
        self, query: FigureQuery, caller: Caller, by: tuple[str, ...], days: Period
    ) -> list[Group]:
        return self._statistics.find(query, caller.site, by, days).groups


def _figures(group: Group) -> Figures:
    return figures_of(group.cell, group.asked)
