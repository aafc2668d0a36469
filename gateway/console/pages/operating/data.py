"""Data: the journal, the check of all that is kept, the configuration in force."""

import json
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.numbers import NOTHING, count, size
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import figure, heading, text_block
from gateway.console.pages.visit import Visit

_REFRESH_S: Final = 2.0
_FIGURES: Final = ("blocks", "messages", "bytes", "redacted_blocks")


class Journal:
    """How much is kept, since when, and what proves it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        words = visit.words
        with ui.element("section").classes("console-card w-6"):
            heading(words("journal"))
            with ui.element("div").classes("console-cards"):
                self._figures = {name: figure(words(name)) for name in _FIGURES}
            self._since = ui.label().classes("console-quiet")
            self._checkpoint = ui.label().classes("console-quiet")
            self._chain = ui.label().classes("console-quiet console-chain")

    async def look(self) -> None:
        visit, words = self._visit, self._visit.words
        found = await visit.api.get("/journal")
        for name, label in self._figures.items():
            value = found[name]
            label.set_text(size(value) if name == "bytes" else count(value))
        oldest, head, point = found["oldest"], found["head"], found["checkpoint"]
        since = visit.time(oldest["appended_at"]) if oldest else NOTHING
        self._since.set_text(words("since", at=since))
        at = visit.time(point["at"]) if point else words("never")
        self._checkpoint.set_text(words("checkpoint", at=at))
        chain = head["chain"] if head else NOTHING
        block = count(head["block"]) if head else NOTHING
        self._chain.set_text(words("chain", block=block, chain=chain))


class Check:
    """Whether chain, counts and ledger agree; it runs in a process of its own."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        words = visit.words
        with ui.element("section").classes("console-card w-6"):
            heading(words("verify"))
            self._state = ui.label().classes("console-state")
            self._told = ui.label()
            self._bar = ui.linear_progress(0, show_value=False)
            self._bar.props["aria-label"] = words("verify")
            self._findings = ui.element("div")
            if visit.may("operate") or visit.may("audit"):
                start = ui.button(words("verify_now"), on_click=self._start)
                start.props("outline no-caps")
        self._shown: dict[str, Any] = {}

    async def look(self) -> None:
        found = await self._visit.api.get("/verify")
        if found == self._shown:
            return
        self._shown, words = found, self._visit.words
        state = found["state"] if found["ok"] is not False else "differs"
        kind = {"done": "good", "failed": "bad", "differs": "bad", "running": "fair"}
        self._state.set_text(words(f"verify_{state}"))
        self._state.classes(replace=f"console-state {kind.get(state, '')}")
        self._told.set_text(self._when(found))
        self._show_progress(found["progress"])
        self._findings.clear()
        with self._findings:
            for finding in found["findings"]:
                mark = words("fine") if finding["ok"] else words("wrong")
                self._tell(f"{mark} {self._name(finding['name'])}", finding["detail"])

    def _show_progress(self, progress: dict[str, Any] | None) -> None:
        known = progress is not None and progress["total"] > 0
        self._bar.set_visibility(progress is not None)
        if known and progress is not None:
            self._bar.set_value(progress["done"] / progress["total"])

    def _when(self, found: dict[str, Any]) -> str:
        if found["started_at"] is None:
            return self._visit.words("verify_why")
        by = found["by"] or self._visit.words("nobody")
        started = self._visit.time(found["started_at"])
        told = self._visit.words("verify_by", by=by, at=started)
        error = found["error"] or ""
        return f"{told} {self._visit.sentences.told(error) or error}"

    def _name(self, name: str) -> str:
        kind, _, sink = name.partition(" ")
        return " ".join([self._visit.words.known("finding", kind), sink]).strip()

    def _tell(self, name: str, detail: str) -> None:
        told = self._visit.sentences.told(detail)
        text = self._visit.words("telling", name=name, told=told or detail)
        ui.label(text).props["title"] = detail

    async def _start(self) -> None:
        if await self._visit.act(self._visit.api.post("/verify")):
            await self.look()


async def configuration(visit: Visit) -> None:
    """What is in force, for who may know."""
    words = visit.words
    with ui.element("section").classes("console-card"):
        heading(words("configuration"))
        try:
            found = await visit.api.get("/configuration")
        except Refusal as refusal:
            ui.label(visit.why(refusal)).classes("console-quiet")
            return
        ui.label(words("read_at", at=visit.time(found["read_at"]))).classes(
            "console-quiet"
        )
        text = json.dumps(found["settings"], indent=2, ensure_ascii=False)
        text_block(text, words("configuration"))


async def build(visit: Visit) -> None:
    with ui.element("div").classes("console-grid"):
        journal, check = Journal(visit), Check(visit)
        await configuration(visit)
    await visit.every(_REFRESH_S, journal.look)
    await visit.every(_REFRESH_S, check.look)


PAGE: Final = Page("data", "/data", build, icon="storage")
