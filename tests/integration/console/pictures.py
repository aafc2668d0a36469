"""Pictures of the pages: `python -m …pictures [--all DIRECTORY] [NAME …]`.

Of a simulated hall in which people press; they are written to docs/pictures, each in
the language in which the documents show it. `--all` takes them in both, to look at.
"""

import sys
import tempfile
import time
from base64 import b64decode
from pathlib import Path
from typing import Final, NamedTuple

from tests.integration.console.browser import DESK, PHONE, Browser, Console, chromium
from tests.integration.console.hall import SAMPLE_ID

_FOLDER: Final = Path(__file__).parents[3] / "docs" / "pictures"
_LANGUAGES: Final = {"en": "en-US,en", "zh": "zh-CN,zh"}
_SETTLED_S: Final = 5.0
"""Until charts have been drawn and rates are known."""

_QUALITY: Final = 80
"""Of WebP: letters stay sharp, and a page takes some 60 KB."""

_USERS: Final = {"li": "admin", "zhou": "auditor", "chen": "clerk"}


class Picture(NamedTuple):
    path: str
    languages: tuple[str, ...] = ("en",)
    size: tuple[int, int] = DESK
    theme: str = "light"
    user: str = "li"
    press: str = ""
    """What is pressed there first, by CSS."""


_EN: Final = ("en",)
_ZH: Final = ("zh",)
_BOTH: Final = ("en", "zh")
_BAD: Final = "/ratings/eval-0009%3Aserved-004"
_TALL: Final = (1400, 1250)

PICTURES: Final = {
    "live": Picture("/", _BOTH),
    "live-dark": Picture("/", _ZH, theme="dark"),
    "live-phone": Picture("/", _ZH, PHONE),
    "halls": Picture("/halls", _EN, (1400, 560)),
    "hall": Picture("/halls/north", _ZH),
    "devices": Picture("/devices", _ZH, (1400, 740)),
    "device": Picture("/devices/eval-0009", _EN, _TALL),
    "ratings": Picture("/ratings", _EN),
    "rating": Picture(_BAD, _ZH, _TALL),
    "sessions": Picture("/sessions", _ZH),
    "session": Picture(_BAD, _EN, press="a[href^='/sessions/']"),
    "followups": Picture("/followups", _ZH, (1400, 640)),
    "statistics": Picture("/statistics", _BOTH, _TALL),
    "samples": Picture("/statistics/samples", _ZH, (1400, 740), user="zhou"),
    "sample": Picture(
        f"/statistics/samples/{SAMPLE_ID}", _ZH, (1400, 740), user="zhou"
    ),
    "maintenance": Picture("/maintenance", _EN, (1400, 1150)),
    "sheet": Picture("/maintenance/sheets/north", _ZH, PHONE, press="summary"),
    "alerts": Picture("/alerts", _EN, (1400, 740), "dark"),
    "quarantine": Picture("/quarantine", _ZH, (1400, 480)),
    "deadletters": Picture("/deadletters", _EN, (1400, 480)),
    "sinks": Picture("/sinks", _ZH, (1400, 560), "dark"),
    "data": Picture("/data", _EN, (1400, 740)),
    "audit": Picture("/audit", _ZH, (1400, 740), user="zhou"),
    "me": Picture("/me", _ZH, PHONE, user="chen"),
}
"""By the end of their name: console-NAME-LANGUAGE.webp."""


def take(folder: Path, names: list[str], *, both: bool) -> None:
    """Of all pages, or of those named."""
    with tempfile.TemporaryDirectory() as directory, chromium() as driver:
        console = Console(Path(directory))
        for user, role in _USERS.items():
            console.user(user, role, employee="E1" if role == "clerk" else None)
        console.start("--lively")
        browser = Browser(driver, console.url)
        browser.stands_in("Asia/Shanghai")
        try:
            _take_all(browser, folder, names or [*PICTURES], both=both)
        finally:
            console.stop()


def _take_all(browser: Browser, folder: Path, names: list[str], *, both: bool) -> None:
    """Those of one user after those of another."""
    logged_in = ""
    for name in sorted(names, key=lambda one: PICTURES[one].user):
        picture = PICTURES[name]
        if picture.user != logged_in:
            browser.forget()
            browser.log_in(picture.user)
            browser.find(".console-title")
            logged_in = picture.user
        for language in _LANGUAGES if both else picture.languages:
            browser.prefer(_LANGUAGES[language])
            _take(browser, picture, folder / f"console-{name}-{language}.webp")


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


def main(words: list[str]) -> None:
    both = words[:1] == ["--all"]
    folder, names = (Path(words[1]), words[2:]) if both else (_FOLDER, words)
    folder.mkdir(parents=True, exist_ok=True)
    take(folder, names, both=both)


if __name__ == "__main__":
    main(sys.argv[1:])
