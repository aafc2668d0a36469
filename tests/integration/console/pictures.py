"""Pictures of the pages: `python -m …pictures [NAME …]`.

Of a simulated hall in which people press, in both languages, for docs/pictures.
"""

import sys
import tempfile
import time
from base64 import b64decode
from pathlib import Path
from typing import Final, NamedTuple

from tests.integration.console.browser import DESK, PHONE, Browser, Console, chromium
from tests.integration.console.hall import SAMPLE_ID
from tests.integration.console.pulse import OCTOBER

_FOLDER: Final = Path(__file__).parents[3] / "docs" / "pictures"
_LANGUAGES: Final = {"en": "en-US,en", "zh": "zh-CN,zh"}
_SETTLED_S: Final = 5.0
"""Until charts have been drawn and rates are known."""

_QUALITY: Final = 80
"""Of WebP: letters stay sharp, and a page takes some 60 KB."""

_USERS: Final = {"li": "admin", "zhou": "auditor", "chen": "clerk"}


class Picture(NamedTuple):
    path: str
    size: tuple[int, int] = DESK
    theme: str = "light"
    user: str = "li"
    press: str = ""
    """What is pressed there first, by CSS."""


_BAD: Final = "/ratings/eval-0009%3Aserved-004"
_TALL: Final = (1400, 1250)

PICTURES: Final = {
    "live": Picture("/"),
    "live-dark": Picture("/", theme="dark"),
    "live-phone": Picture("/", PHONE),
    "halls": Picture("/halls", (1400, 560)),
    "hall": Picture("/halls/north"),
    "devices": Picture("/devices", (1400, 740)),
    "device": Picture("/devices/eval-0009", _TALL),
    "ratings": Picture("/ratings"),
    "rating": Picture(_BAD, _TALL),
    "sessions": Picture("/sessions"),
    "session": Picture(_BAD, press="a[href^='/sessions/']"),
    "followups": Picture("/followups", (1400, 640)),
    "statistics": Picture("/statistics", _TALL),
    "months": Picture("/statistics/months", (1400, 480), user="zhou"),
    "month": Picture(f"/statistics/months/{OCTOBER}", (1400, 740), user="zhou"),
    "samples": Picture("/statistics/samples", (1400, 740), user="zhou"),
    "sample": Picture(f"/statistics/samples/{SAMPLE_ID}", (1400, 740), user="zhou"),
    "maintenance": Picture("/maintenance", (1400, 1150)),
    "availability": Picture("/maintenance/availability", (1400, 740)),
    "sheet": Picture("/maintenance/sheets/north", PHONE, press="summary"),
    "alerts": Picture("/alerts", (1400, 740), "dark"),
    "quarantine": Picture("/quarantine", (1400, 480)),
    "deadletters": Picture("/deadletters", (1400, 480)),
    "sinks": Picture("/sinks", (1400, 560), "dark"),
    "data": Picture("/data", (1400, 740)),
    "audit": Picture("/audit", (1400, 740), user="zhou"),
    "me": Picture("/me", PHONE, user="chen"),
}
"""By the end of their name: console-NAME-LANGUAGE.webp."""


def take(names: list[str]) -> None:
    """Of all pages, or of those named."""
    with tempfile.TemporaryDirectory() as directory, chromium() as driver:
        console = Console(Path(directory))
        for user, role in _USERS.items():
            console.user(user, role, employee="E1" if role == "clerk" else None)
        console.start("--lively")
        browser = Browser(driver, console.url)
        browser.stands_in("Asia/Shanghai")
        try:
            _take_all(browser, names or [*PICTURES])
        finally:
            console.stop()


def _take_all(browser: Browser, names: list[str]) -> None:
    """Those of one user after those of another."""
    logged_in = ""
    for name in sorted(names, key=lambda one: PICTURES[one].user):
        picture = PICTURES[name]
        if picture.user != logged_in:
            browser.forget()
            browser.log_in(picture.user)
            browser.find(".console-title")
            logged_in = picture.user
        for language in _LANGUAGES:
            browser.prefer(_LANGUAGES[language])
            _take(browser, picture, _FOLDER / f"console-{name}-{language}.webp")


def _take(browser: Browser, picture: Picture, file: Path) -> None:
    browser.resize(picture.size)
    browser.choose("evalgate_theme", picture.theme)
    browser.open(picture.path)
    browser.settled()
    if picture.press:
        browser.find(picture.press).click()
    time.sleep(_SETTLED_S)
    wanted = {"format": "webp", "quality": _QUALITY}
    taken = browser.driver.execute_cdp_cmd("Page.captureScreenshot", wanted)
    file.write_bytes(b64decode(taken["data"]))


if __name__ == "__main__":
    take(sys.argv[1:])
