"""The way of the messages: received, journal, ledger, each sink."""

from time import monotonic
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.numbers import NOTHING, count, duration, size
from gateway.console.pages.panels.blocks import blame, heading
from gateway.console.pages.visit import Visit

FATES: Final = (
    "accepted",
    "duplicate",
    "conflict",
    "quarantined",
    "ignored",
    "deferred",
)
_KINDS: Final = {"ok": "good", "behind": "fair", "retrying": "fair", "open": "fair"}
_LAG_S_FAIR: Final = 60.0
_BEHIND_FAIR: Final = 100


class Way:
    """Drawn once; each look changes texts only."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._words = visit, visit.words
        self._before: tuple[float, int] | None = None
        self._sinks: dict[str, _Sink] = {}
        with ui.element("section").classes("console-card"):
            heading(visit.words("pipeline"))
            with ui.element("div").classes("console-flow"):
                self._received = _Hop(visit.words("received"))
                _arrow()
                self._journal = _Hop(visit.words("journal"))
                _arrow()
                self._ledger = _Hop(visit.words("ledger"))
                _arrow()
                with ui.element("div").classes("sinks") as self._place:
                    self._none = ui.label(visit.words("no_sinks"))

    def show(self, pipeline: dict[str, Any]) -> None:
        words, received = self._words, pipeline["received"]
        self._received.show(count(received), words("rate", rate=self._rate(received)))
        journal = pipeline["journal"]
        told = words("block", block=count(journal["block"]))
        self._journal.show(size(journal["bytes"]), told)
        self._show_ledger(pipeline)
        self._show_sinks(pipeline["sinks"])

    def _show_ledger(self, pipeline: dict[str, Any]) -> None:
        words = self._words
        fates = {fate: count(pipeline[fate]) for fate in FATES}
        told = words("fates", **fates)
        behind = pipeline["journal"]["block"] - pipeline["processed_block"]
        state = words("behind", blocks=count(behind)) if behind else words("up_to_date")
        self._ledger.show(count(sum(pipeline[fate] for fate in FATES)), told)
        self._ledger.state(state, "good" if behind < _BEHIND_FAIR else "fair")

    def _show_sinks(self, sinks: list[dict[str, Any]]) -> None:
        self._none.set_visibility(not sinks)
        for name in self._sinks.keys() - {sink["name"] for sink in sinks}:
            self._sinks.pop(name).remove()
        for sink in sinks:
            if sink["name"] not in self._sinks:
                with self._place:
                    self._sinks[sink["name"]] = _Sink(sink["name"])
            self._sinks[sink["name"]].show(sink, self._visit)

    def _rate(self, received: int) -> str:
        now_s = monotonic()
        before, self._before = self._before, (now_s, received)
        if before is None or now_s <= before[0]:
            return NOTHING
        return count(round((received - before[1]) / (now_s - before[0])))


class _Hop:
    def __init__(self, title: str) -> None:
        with ui.element("div").classes("hop console-card"):
            ui.label(title).classes("console-quiet")
            self._figure = ui.label(NOTHING).classes("console-figure")
            self._told = ui.label().classes("console-quiet console-number")
            self._state = ui.label().classes("console-state")
            self._state.set_visibility(False)

    def show(self, figure: str, told: str) -> None:
        self._figure.set_text(figure)
        self._told.set_text(told)

    def state(self, text: str, kind: str) -> None:
        self._state.set_visibility(True)
        self._state.set_text(text)
        self._state.classes(replace=f"console-state {kind}")


class _Sink:
    def __init__(self, name: str) -> None:
        with ui.element("div").classes("console-card console-sink") as self._card:
            ui.label(name).classes("name")
            self._state = ui.label().classes("console-state")
            self._told = ui.label().classes("console-number")
            self._error = ui.label().classes("console-quiet")

    def show(self, sink: dict[str, Any], visit: Visit) -> None:
        words = visit.words
        told = [words("delivered", count=count(sink["delivered"]))]
        if sink["owed"]:
            told.append(words("owed", count=count(sink["owed"])))
            told.append(words("lag", seconds=duration(sink["lag_s"], words)))
        if sink["dead"]:
            told.append(words("dead", count=count(sink["dead"])))
        self._told.set_text(" · ".join(told))
        state = sink["state"]
        if state == "ok" and sink["lag_s"] > _LAG_S_FAIR:
            state = "behind"
        self._state.set_text(words.known("sink", state))
        self._state.classes(replace=f"console-state {_KINDS.get(state, 'bad')}")
        blame(self._error, visit, None if sink["state"] == "ok" else sink["last_error"])

    def remove(self) -> None:
        self._card.delete()


def _arrow() -> None:
    ui.label("→").classes("arrow").props("aria-hidden=true")
