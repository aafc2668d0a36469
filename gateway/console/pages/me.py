"""What a clerk sees: its own figures beside its department's, and its own ratings.

The API answers a clerk nothing else; this page only says it in words.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.dialogs import asked
from gateway.console.pages.listing import Act, Column, Listing
from gateway.console.pages.numbers import NOTHING, count
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import heading, precise
from gateway.console.pages.periods import Period, months_on, today_of
from gateway.console.pages.visit import Visit

_MONTHS: Final = 13
"""To choose from: this one, and a year back."""

_COMPARED: Final = {"satisfaction_rate": "{:.1f} %", "mean_level": "{:.2f}"}
"""Figures that a department has too, and how they are written."""


class Me:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        today = today_of(visit.now_ms(), visit.zone)
        begins = [months_on(today, -back) for back in range(_MONTHS)]
        self._begins = {f"{begin:%Y-%m}": begin for begin in begins}
        wanted = visit.query.get("month", "")
        self._month = wanted if wanted in self._begins else next(iter(self._begins))
        self._choose()
        self._cards = ui.element("div").classes("console-cards")
        with ui.element("section").classes("console-card"):
            heading(visit.words("ratings"))
            self._place = ui.element("div")

    async def look(self) -> None:
        """Show the figures of the month; its list asks for itself."""
        try:
            told = await self._visit.api.get(f"/me/figures/{self._month}")
        except Refusal as refusal:
            self._visit.refused(refusal)
            return
        self._cards.clear()
        with self._cards:
            self._show(told)
        self._place.clear()
        with self._place:
            self._ratings(told["names"]["windows"])

    def _choose(self) -> None:
        async def choose() -> None:
            self._month = str(select.value)
            ui.navigate.history.replace(f"{PAGE.path}?month={self._month}")
            await self.look()

        with ui.element("div").classes("console-filters"):
            select = ui.select(
                list(self._begins),
                value=self._month,
                label=self._visit.words("month"),
                on_change=choose,
            )
            select.props("dense outlined options-dense")

    def _show(self, told: Mapping[str, Any]) -> None:
        words, mine = self._visit.words, told["figures"]
        with _card(words("rated"), count(mine["rated"])):
            if not mine["min_n_met"]:
                _quiet(words("too_few"))
        for name, form in _COMPARED.items():
            with _card(words(name), _figure(mine[name], form), mine[name]):
                for one in told["departments"]:
                    department = one["department"]
                    called = told["names"]["departments"].get(department, department)
                    beside = _quiet(self._beside(one, called, name, form))
                    beside.props["title"] = department

    def _beside(
        self, one: Mapping[str, Any], department: str, name: str, form: str
    ) -> str:
        if one["withheld"]:
            return self._visit.words("withheld", department=department)
        value = _figure(one[name], form)
        return self._visit.words("of_all", department=department, value=value)

    def _params(self) -> dict[str, object]:
        begin = self._begins[self._month]
        bounds = Period(begin, months_on(begin, 1)).bounds(self._visit.zone)
        return {"effective": "true", **bounds}

    def _ratings(self, windows: Mapping[str, str]) -> None:
        words = self._visit.words
        Listing(
            self._visit,
            "/ratings",
            [
                Column("occurred_at", words("occurred_at"), "time"),
                Column("level", words("level"), "level"),
                Column("window", words("window"), words=windows),
                Column("origin", words("origin"), words=_origins(self._visit)),
                Column("flags", words("flags"), words=words.all_of("flag")),
                Column("rating_id", words("rating_id")),
            ],
            label=words("ratings"),
            empty=words("no_ratings"),
            acts=[Act("dispute", words("dispute"), self._dispute)],
            params=self._params(),
        )

    async def _dispute(self, item: dict[str, Any]) -> None:
        """Ask for a reason; of what is disputed already tell how it stands."""
        visit = self._visit
        path = f"/ratings/{quote(str(item['rating_id']), safe='')}"
        try:
            dispute = (await visit.api.get(path))["dispute"]
        except Refusal as refusal:
            visit.refused(refusal)
            return
        if dispute is not None:
            await self._tell(dispute)
            return
        told = await asked(visit, visit.words("dispute_why"), reason=True)
        if told is None:
            return
        doing = visit.api.post(f"{path}/dispute", {"reason": told["reason"]})
        await visit.act(doing, told=visit.words("disputed"))

    async def _tell(self, dispute: Mapping[str, Any]) -> None:
        words = self._visit.words
        told = {words("disputed_at"): self._visit.time(dispute["at"])}
        told[words("reason")] = dispute["reason"]
        told[words("outcome")] = words(f"outcome_{dispute['outcome'] or 'open'}")
        if dispute["outcome"] is not None:
            told[words("ruling")] = dispute["ruling"] or NOTHING
        await asked(self._visit, words("how_it_stands"), values=told)


def _card(label: str, figure: str, whole: str | None = None) -> ui.element:
    with ui.element("div").classes("console-card") as card:
        _quiet(label)
        precise(ui.label().classes("console-figure"), figure, whole)
    return card


def _quiet(text: str) -> ui.label:
    return ui.label(text).classes("console-quiet")


def _figure(value: str | None, form: str) -> str:
    return NOTHING if value is None else form.format(float(value))


def _origins(visit: Visit) -> dict[str, str]:
    names = ("customer", "staff_proxy", "system_default", "device_timeout")
    return {name: visit.words(f"origin_{name}") for name in names}


async def build(visit: Visit) -> None:
    await Me(visit).look()


PAGE: Final = Page("me", "/me", build, icon="badge", scope="own")
