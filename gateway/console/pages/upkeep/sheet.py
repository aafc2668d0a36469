"""The sheets of a site, to be filled in at its terminals on a phone."""

from typing import Final

from nicegui import ui
from nicegui.element import Element

from gateway.console.pages.page import Page
from gateway.console.pages.sentences import RECORDED, Sentences
from gateway.console.pages.upkeep.words import COLOURS, RESULTS, STATES, WORKS, words_of
from gateway.console.pages.visit import Visit

_TEXTS: Final = (
    "loading",
    "colon",
    "failed",
    "empty",
    "count",
    "waiting",
    "unkept",
    "log_in",
    "due_before",
    "proven",
    "refused",
    "rest",
    "notes",
    "part",
    "count_of",
    "add_part",
    "result",
    "operator",
    "read_only",
    "signed",
    "left",
    "sign",
    "sent",
)
_MARKS: Final = ("pass", "fail", "skip")
_ITEMS: Final = (
    "clean",
    "placement",
    "every key pressed",
    "sound",
    "screen",
    "clock",
    "battery",
    "label",
    "cable",
    "signal",
    "firmware",
    "last press",
    "missing events",
)
"""Those of a plan that says nothing, and what is told beside; others are as written."""


class Sheets(Element, component="sheet.js"):
    """Drawn and kept by the browser, so that it works while the gateway is away."""

    def __init__(self, visit: Visit, site: str) -> None:
        super().__init__()
        words = visit.words
        items = {item: words(f"item_{item.replace(' ', '_')}") for item in _ITEMS}
        sentences = Sentences("sheet", words.language)
        self._props["sentences"] = sentences.for_browsers()
        self._props["problems"] = (
            {} if words.language == RECORDED else words.all_of("problem")
        )
        self._props["site"] = site
        self._props["user"] = visit.caller.name
        self._props["may"] = visit.may("operate")
        self._props["colours"] = COLOURS
        self._props["now_ms"] = visit.now_ms()
        self._props["zone"] = str(visit.zone)
        self._props["words"] = {name: words(f"sheet_{name}") for name in _TEXTS} | {
            "states": words_of(visit, "work", STATES),
            "types": words_of(visit, "task", WORKS),
            "marks": words_of(visit, "mark", _MARKS),
            "results": words_of(visit, "outcome", RESULTS),
            "items": items,
        }


async def build(visit: Visit) -> None:
    site = visit.params["site"]
    await visit.names.learn("sites", [site])
    name = visit.names.of("sites", site)
    with ui.element("div").classes("console-ways"):
        told = ui.label(visit.words("sheet_of", site=name)).classes("console-here")
        told.props["title"] = site
        ui.link(visit.words("back"), "/maintenance")
    Sheets(visit, site)


PAGE: Final = Page("sheet", "/maintenance/sheets/{site}", build, under="maintenance")
