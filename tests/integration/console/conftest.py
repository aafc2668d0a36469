"""The API over a ledger that the fold makes, and its pages in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.integration.console.browser import DESK, Browser, Console, chromium
from tests.support.folded_api import FoldedApi


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    folded = FoldedApi(tmp_path)
    sinks = [{"name": "main", "kind": "influxdb", "events": ["*"]}]
    folded.world.act("sinks_applied", {"sinks": sinks})
    yield folded
    folded.close()


@pytest.fixture(scope="package")
def driver() -> Iterator[Chrome]:
    """One browser for all pages; it does not run on beside the tests after them."""
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A furnished hall, open: no user and no token; one a module."""
    with Console(tmp_path_factory.mktemp("console")) as console:
        yield console


@pytest.fixture
def browser(driver: Chrome, console: Console) -> Iterator[Browser]:
    """Somebody who was never here, at a desk, reading English."""
    browser = Browser(driver, console.url)
    browser.forget()
    browser.prefer("en-US,en")
    browser.resize(DESK)
    browser.complaints()
    yield browser
    driver.get("about:blank")  # else the page asks for its console, alive or not
