"""Sinks: what each one has, what it is owed, and sending a range once more."""

from datetime import timedelta
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.dialogs import asked
from gateway.console.pages.numbers import count, duration
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import blame, figure, heading
from gateway.console.pages.periods import own, today_of
from gateway.console.pages.sentences import RECORDED
from gateway.console.pages.visit import Visit
from gateway.events.addressing import TO_TERMINALS

_REFRESH_S: Final = 2.0
_COLOURS: Final = {"ok": "good", "retrying": "fair", "open": "fair"}
_FIGURES: Final = ("addressed", "delivered", "owed", "dead", "expired")


class Sinks:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._cards: dict[str, _Card] = {}
        self._none = ui.label(visit.words("empty")).classes("console-quiet")
        self._place = ui.element("div").classes("console-grid")

    async def look(self) -> None:
        pipeline = await self._visit.api.get("/pipeline")
        sinks: list[dict[str, Any]] = pipeline["sinks"]
        self._none.set_visibility(not sinks)
        if self._cards.keys() != {sink["name"] for sink in sinks}:
            self._place.clear()
            with self._place:
                self._cards = {it["name"]: _Card(self._visit, it) for it in sinks}
        for sink in sinks:
            self._cards[sink["name"]].show(sink)


class _Card:
    def __init__(self, visit: Visit, sink: dict[str, Any]) -> None:
        self._visit, self._name = visit, sink["name"]
        words = visit.words
        with ui.element("section").classes("console-card w-6"):
            heading(f"{sink['name']} · {words.known('kind', sink['kind'])}")
            self._state = ui.label().classes("console-state")
            self._error = ui.label()
            self._raw = ui.label().classes("console-raw").props(f"lang={RECORDED}")
            with ui.element("div").classes("console-cards"):
                self._figures = {name: figure(words(name)) for name in _FIGURES}
                self._lag = figure(words("lag"))
            if visit.may("operate"):
                with ui.element("div").classes("console-filters"):
                    ui.button(words("enable"), on_click=self._enable).props(
                        "outline no-caps"
                    )
                    if sink["kind"] not in TO_TERMINALS:
                        ui.button(words("replay"), on_click=self._replay).props(
                            "outline no-caps"
                        )
            ui.link(words("letters"), f"/deadletters?sink={sink['name']}")

    def show(self, sink: dict[str, Any]) -> None:
        for name, label in self._figures.items():
            label.set_text(count(sink[name]))
        self._lag.set_text(duration(sink["lag_s"], self._visit.words))
        self._state.set_text(self._visit.words.known("state", sink["state"]))
        kind = _COLOURS.get(sink["state"], "bad")
        self._state.classes(replace=f"console-state {kind}")
        error = sink["last_error"]
        blame(self._error, self._visit, error)
        self._raw.set_text(error if self._visit.sentences.told(error) else "")

    async def _enable(self) -> None:
        await self._visit.act(self._visit.api.post(f"/sinks/{self._name}/enable"))

    async def _replay(self) -> None:
        visit = self._visit
        today = today_of(visit.now_ms(), visit.zone)
        days = {str(no): visit.words("last_days", count=no) for no in (1, 2, 7, 31)}
        told = await asked(visit, visit.words("replay_why"), choices=days)
        if told is None:
            return
        begin = today - timedelta(days=int(told["choice"]) - 1)
        stretch = own(begin.isoformat(), today.isoformat(), today)
        body = stretch.bounds(visit.zone)
        await visit.act(visit.api.post(f"/sinks/{self._name}/replay", body))


async def build(visit: Visit) -> None:
    await visit.every(_REFRESH_S, Sinks(visit).look)


PAGE: Final = Page("sinks", "/sinks", build, icon="output")
