"""Every page is fit for everybody: on a desk and a phone, in both languages."""

import httpx
import pytest

from tests.integration.console.browser import DESK, PHONE, Browser, Console
from tests.integration.console.hall import PLAN, SEALED
from tests.integration.console.places import PLACES


@pytest.fixture(scope="module", autouse=True)
def _planned(console: Console) -> None:
    url = f"{console.url}/api/v1/inspection-plans"
    httpx.put(url, json=PLAN, trust_env=False).raise_for_status()


@pytest.fixture(scope="module", autouse=True)
def _adjusted(console: Console) -> None:
    """Something came for a month that was sealed."""
    late = {"event_id": "late-0001", "level": 2, "site": "north", "window": "w1"}
    late |= {"session_id": "A1", "occurred_at": f"{SEALED}-15T10:00:00+08:00"}
    url = f"{console.url}/api/v1/ratings"
    httpx.post(url, json=late, trust_env=False).raise_for_status()


@pytest.mark.parametrize("path", PLACES.values(), ids=PLACES)
def test_each_page_is_fit_for_everybody(browser: Browser, path: str) -> None:
    for language, size, theme in (("zh-CN", DESK, "light"), ("en-US", PHONE, "dark")):
        browser.prefer(language)
        browser.resize(size)
        browser.choose("evalgate_theme", theme)
        browser.open(path)
        browser.settled()
        assert browser.find("html").get_attribute("lang") == language
        assert browser.violations() == []
        width = browser.driver.execute_script("return document.body.scrollWidth")
        assert width <= size[0]
    # A terminal that was never tested answers so, which the browser takes down.
    assert [it for it in browser.complaints() if "press-test" not in it] == []
