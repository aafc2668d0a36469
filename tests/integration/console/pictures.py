"""Pictures of the pages, in both languages: `python -m …pictures [NAME …]`.

Of a simulated hall in which people press; they are written to docs/pictures.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from tests.integration.console.browser import DESK, PHONE, Browser, Console, chromium

_FOLDER: Final = Path(__file__).parents[3] / "docs" / "pictures"
_LANGUAGES: Final = {"en": "en-US,en", "zh": "zh-CN,zh"}
_SETTLED_S: Final = 6.0
"""Until charts have been drawn and rates are known."""


class Picture(NamedTuple):
    path: str
    size: tuple[int, int] = DESK
    theme: str = "light"


PICTURES: Final = {
    "live": Picture("/"),
    "live-phone": Picture("/", PHONE),
    "live-dark": Picture("/", DESK, "dark"),
    "halls": Picture("/halls"),
    "hall": Picture("/halls/north"),
    "devices": Picture("/devices"),
    "device": Picture("/devices/eval-0009"),
    "ratings": Picture("/ratings"),
    "rating": Picture("/ratings/eval-0009%3Aserved-004"),
    "sessions": Picture("/sessions"),
    "followups": Picture("/followups"),
    "statistics": Picture("/statistics"),
    "alerts": Picture("/alerts"),
    "quarantine": Picture("/quarantine"),
    "sinks": Picture("/sinks"),
    "data": Picture("/data"),
}
"""By the end of their name: console-NAME-LANGUAGE.png."""


def take(names: list[str]) -> None:
    """Of all pages, or of those named."""
    with tempfile.TemporaryDirectory() as directory, chromium() as driver:
        console = Console(Path(directory))
        console.user("li", "admin")
        console.start("--lively")
        browser = Browser(driver, console.url)
        browser.stands_in("Asia/Shanghai")
        try:
            browser.log_in("li")
            browser.at("/")
            for name in names or PICTURES:
                for language, accepted in _LANGUAGES.items():
                    browser.prefer(accepted)
                    _take(browser, PICTURES[name], f"{name}-{language}")
        finally:
            console.stop()


def _take(browser: Browser, picture: Picture, name: str) -> None:
    browser.resize(picture.size)
    browser.choose("evalgate_theme", picture.theme)
    browser.open(picture.path)
    time.sleep(_SETTLED_S)
    browser.picture(_FOLDER / f"console-{name}.png")


if __name__ == "__main__":
    take(sys.argv[1:])
