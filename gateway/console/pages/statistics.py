"""Statistics: how satisfied people are, by whatever it is counted by.

Every figure is the API's own text; with each score stand how many ratings it is of and
how complete they are.
"""

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from nicegui import ui

from gateway.console.pages import periods
from gateway.console.pages.api import Refusal
from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.names import TABLES
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import heading
from gateway.console.pages.panels.figures import Cards, Distribution, Heat, Trend
from gateway.console.pages.periods import Period
from gateway.console.pages.proof.ways import FIGURES, proof_ways
from gateway.console.pages.visit import Visit

_GROUPS: Final = (
    "site",
    "department",
    "window",
    "employee",
    "device",
    "service",
    "medium",
    "item",
    "reason",
    "hour",
    "weekday",
    "day",
    "week",
    "month",
    "quarter",
    "year",
)
_FILTERS: Final = ("site", "department", "window", "employee", "device", "service")
_SECTIONS_MAX: Final = 2


class Question:
    """What is asked for; it stands in the page's address, so that it can be sent."""

    def __init__(self, query: dict[str, str]) -> None:
        self.period = query.get("period", "month")
        if self.period not in periods.NAMES:
            self.period = "month"
        self.begin, self.last = query.get("from", ""), query.get("to", "")
        self.first = _among(query.get("by"), "department")
        self.second = _among(query.get("then"), "")
        self.flagged = query.get("flagged") == "1"
        self.defaults = query.get("defaults") == "1"
        self.filters = {name: query.get(name, "") for name in _FILTERS}

    @property
    def group_by(self) -> list[str]:
        """Each dimension once."""
        return list(dict.fromkeys(one for one in (self.first, self.second) if one))

    def stretch(self, today: date) -> Period:
        if self.period == periods.OWN:
            return periods.own(self.begin, self.last, today)
        return periods.named(self.period, today)

    def query(self) -> str:
        given = {
            "period": self.period,
            "from": self.begin if self.period == periods.OWN else "",
            "to": self.last if self.period == periods.OWN else "",
            "by": self.first,
            "then": self.second,
            "flagged": "1" if self.flagged else "",
            "defaults": "1" if self.defaults else "",
            **self.filters,
        }
        return urlencode({key: value for key, value in given.items() if value})


class Statistics:
    """The controls, and what they lead to."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._question = Question(visit.query)
        self._controls()
        with ui.element("div").classes("console-grid"):
            self._cards = Cards(visit)
            self._distribution = Distribution(visit)
            self._trend = Trend(visit)
            self._heat = Heat(visit)
            with ui.element("section").classes("console-card"):
                heading(visit.words("table"))
                self._ways = ui.element("div").classes("console-filters")
                self._place = ui.element("div")

    async def look(self) -> None:
        """Ask anew; what the API refuses is said."""
        question, period = self._question, self._period()
        asked = self._asked(period)
        try:
            whole = await self._items(asked)
            steps = await self._items(asked, group_by=period.step)
            hours = await self._items(asked, group_by="hour,weekday")
        except Refusal as refusal:
            self._visit.refused(refusal)
            return
        of_all = whole[0] if whole else None
        self._cards.show(of_all, with_defaults=question.defaults)
        self._distribution.show(of_all, with_defaults=question.defaults)
        self._trend.show(steps, period.step, with_defaults=question.defaults)
        self._heat.show(hours, with_defaults=question.defaults)
        self._show_table(asked)
        self._show_ways(asked, period)

    def _period(self) -> Period:
        today = periods.today_of(self._visit.now_ms(), self._visit.zone)
        return self._question.stretch(today)

    def _asked(self, period: Period) -> dict[str, object]:
        flagged = {"include_flagged": "true"} if self._question.flagged else {}
        bounds = period.bounds(self._visit.zone)
        filters = {key: it for key, it in self._question.filters.items() if it}
        return {**bounds, **filters, **flagged}

    async def _items(
        self, asked: dict[str, object], **more: object
    ) -> list[dict[str, Any]]:
        answer = await self._visit.api.get("/statistics", **asked, **more)
        items: list[dict[str, Any]] = answer["items"]
        return items

    # ----- the controls

    def _controls(self) -> None:
        words, question = self._visit.words, self._question
        named = {name: words(f"period_{name}") for name in periods.NAMES}
        groups = {name: words(f"by_{name}") for name in _GROUPS}
        with ui.element("div").classes("console-filters").props("role=search"):
            self._select("period", named, question.period)
            self._dates = ui.element("div").classes("console-filters")
            with self._dates:
                self._text("begin", question.begin, kind="date")
                self._text("last", question.last, kind="date")
            self._dates.set_visibility(question.period == periods.OWN)
            self._select("first", groups, question.first)
            self._select("second", {"": words("nothing"), **groups}, question.second)
            for name in _FILTERS:
                self._filter(name)
        with ui.element("div").classes("console-filters"):
            self._switch("flagged", on=question.flagged)
            self._switch("defaults", on=question.defaults)

    def _select(self, name: str, options: dict[str, str], value: str) -> None:
        label = self._visit.words(f"choose_{name}")

        async def choose() -> None:
            setattr(self._question, name, select.value)
            self._dates.set_visibility(self._question.period == periods.OWN)
            await self._changed()

        select = ui.select(options, value=value, label=label, on_change=choose)
        select.props("dense outlined options-dense")

    def _text(self, name: str, value: str, kind: str) -> None:
        async def choose() -> None:
            setattr(self._question, name, field.value or "")
            await self._changed()

        label = self._visit.words(f"choose_{name}")
        field = ui.input(label, value=value).props(
            f"dense outlined stack-label type={kind}"
        )
        field.on("change", choose)

    def _filter(self, name: str) -> None:
        async def choose() -> None:
            text = (field.value or "").strip()
            self._question.filters[name] = await self._visit.names.id_of(name, text)
            await self._changed()

        label = self._visit.words(f"by_{name}")
        field = ui.input(label, value=self._question.filters[name])
        field.props("dense outlined clearable").on("change", choose)
        field.on("clear", choose)

    def _switch(self, name: str, *, on: bool) -> None:
        async def choose() -> None:
            setattr(self._question, name, switch.value)
            await self._changed()

        label = self._visit.words(f"choose_{name}")
        switch = ui.switch(label, value=on, on_change=choose)
        switch.props["aria-label"] = label
        with switch:
            ui.tooltip(self._visit.words(f"choose_{name}_why"))

    async def _changed(self) -> None:
        ui.navigate.history.replace(f"{PAGE.path}?{self._question.query()}")
        await self.look()

    # ----- the table

    def _show_table(self, asked: dict[str, object]) -> None:
        words = self._visit.words
        grouped = self._question.group_by
        self._place.clear()
        with self._place:
            Listing(
                self._visit,
                "/statistics",
                [
                    *(
                        Column(f"key.{by}", words(f"by_{by}"), names=TABLES.get(by, ""))
                        for by in grouped
                    ),
                    *self._columns(),
                ],
                label=words("table"),
                empty=words("no_figures"),
                params={"group_by": ",".join(grouped), **asked},
            )

    def _columns(self) -> list[Column]:
        words, suffix = self._visit.words, self._suffix
        numbers = [
            Column(key, words(key), "number")
            for key in ("rated", "defaulted", "unrated", "awaiting")
        ]
        scores = [
            Column(f"{key}{suffix}", words(key), kind)
            for key, kind in (
                ("satisfaction_rate", "percent"),
                ("mean_level", "mean"),
                ("mean_score", "mean"),
            )
        ]
        shares = [
            Column(key, words(key), "percent")
            for key in (
                "unrated_share",
                "overdue_share",
                "response_rate",
                "completeness",
            )
        ]
        levels = [
            Column(f"n.{level}", words(f"level_{level}"), "number")
            for level in (5, 4, 3, 2, 1)
        ]
        changed = Column("trend.satisfaction_rate" + suffix, words("change"), "figure")
        return [
            scores[0],
            numbers[0],
            shares[-1],
            changed,
            *scores[1:],
            *levels,
            *numbers[1:],
            *shares[:-1],
        ]

    @property
    def _suffix(self) -> str:
        return "_with_defaults" if self._question.defaults else ""

    def _show_ways(self, asked: dict[str, object], period: Period) -> None:
        """Where the same stands as a file, or to be printed."""
        words, month = self._visit.words, period.month
        self._ways.clear()
        if month is None:
            return
        by = self._question.first
        if by not in {"site", "department", "employee"}:
            by = "department"
        site = asked.get("site")
        with self._ways:
            for name, form in (("csv", "csv"), ("print", "html")):
                given = {"by": by, "format": form, "language": words.language}
                given |= {"site": str(site)} if site else {}
                url = f"/api/v1/reports/{month}?{urlencode(given)}"
                ui.link(words(f"way_{name}", month=month), url, new_tab=form == "html")


def _among(name: str | None, otherwise: str) -> str:
    return name if name in _GROUPS else otherwise


async def build(visit: Visit) -> None:
    proof_ways(visit, FIGURES)
    await Statistics(visit).look()


PAGE: Final = Page("statistics", FIGURES, build, icon="insights")
