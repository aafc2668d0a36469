"""Live: the way of the messages as a picture, and what comes of them just now."""

from typing import Any, Final

from nicegui import ui

from gateway.console.pages.page import Page
from gateway.console.pages.panels.latest import Latest
from gateway.console.pages.panels.needs import Needs
from gateway.console.pages.panels.today import Today
from gateway.console.pages.panels.way import Way
from gateway.console.pages.visit import Visit

_LOOK_S: Final = 1.0
_SLOW_LOOK_S: Final = 10.0


async def build(visit: Visit) -> None:
    """Four panels; the fast ones look once a second, the others every ten."""
    with ui.element("div").classes("console-grid"):
        way = Way(visit)
        today = Today(visit)
        needs = Needs(visit)
        latest = Latest(visit)

    async def fast() -> None:
        way.show(await visit.api.get("/pipeline"))
        ratings: dict[str, Any] = await visit.api.get("/ratings", limit=latest.ROWS)
        latest.show(ratings["items"])

    async def slow() -> None:
        await today.look()
        await needs.look()

    await visit.every(_LOOK_S, fast)
    await visit.every(_SLOW_LOOK_S, slow)


PAGE: Final = Page("live", "/", build, icon="monitor_heart")
