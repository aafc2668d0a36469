"""Live: the way of the messages as a picture, and what comes of them just now."""

from typing import Final

from nicegui import ui

from gateway.console.pages.page import Page
from gateway.console.pages.panels.latest import Latest
from gateway.console.pages.panels.needs import Needs
from gateway.console.pages.panels.today import Today
from gateway.console.pages.panels.way import Way
from gateway.console.pages.visit import Visit

_LOOK_S: Final = 1.0
_FRESH_S: Final = 0.9
"""So that of several pages each sees a new one at each look."""

_LATEST_S: Final = 2.0
"""A table that is new in every cell is most of what a look costs."""
_SLOW_LOOK_S: Final = 10.0
_SLOW_FRESH_S: Final = 9.0


async def build(visit: Visit) -> None:
    """Four panels: pipeline each second, ratings every two, the others every ten."""
    with ui.element("div").classes("console-grid"):
        way = Way(visit)
        today = Today(visit)
        needs = Needs(visit)
        latest = Latest(visit)

    async def fast() -> None:
        way.show(await visit.glance(_FRESH_S, "/pipeline"))

    async def newest() -> None:
        ratings = await visit.glance(_FRESH_S, "/ratings", limit=latest.ROWS)
        await visit.names.learn_of(ratings["items"], latest.PLACES)
        latest.show(ratings["items"])

    async def slow() -> None:
        await today.look(_SLOW_FRESH_S)
        await needs.look(_SLOW_FRESH_S)

    await visit.every(_LOOK_S, fast)
    await visit.every(_LATEST_S, newest)
    await visit.every(_SLOW_LOOK_S, slow)


PAGE: Final = Page("live", "/", build, icon="monitor_heart")
