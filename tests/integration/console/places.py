"""Where each page is seen with something in it, in the hall of `hall.py`."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from gateway.console.pages.site import PAGES
from tests.integration.console.hall import SAMPLE_ID, SEALED

BAD: Final = "eval-0011:e00-11-3"
"""A rating of level 2, followed up; it made a session of its own."""

SESSION: Final = f"south:@{BAD}:0:1"
_OF_ONE: Final[Mapping[str, str]] = {
    "hall": "/halls/south",
    "device": "/devices/eval-0011",
    "rating": f"/ratings/{quote(BAD)}",
    "session": f"/sessions/{quote(SESSION)}",
    "month": f"/statistics/months/{SEALED}",
    "sample": f"/statistics/samples/{SAMPLE_ID}",
    "sheet": "/maintenance/sheets/north",
}
"""Of pages that are about one thing; another such page must be told of here."""

PLACES: Final[Mapping[str, str]] = {
    page.name: _OF_ONE[page.name] if "{" in page.path else page.path for page in PAGES
}
"""By the name of the page."""
