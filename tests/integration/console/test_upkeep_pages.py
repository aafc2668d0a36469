"""The pages of who keeps terminals in order, in a real browser."""

from typing import Any

import httpx
import pytest

from tests.integration.console.browser import DESK, PHONE, Browser, Console

PLAN = {
    "plan_id": "every-other-day",
    "scope": "site",
    "subject": "city",
    "every_days": 2,
    "remind_before_days": 3,
    "checklist": ["clean", "battery"],
}


@pytest.fixture(scope="module", autouse=True)
def _planned(console: Console) -> None:
    url = f"{console.url}/api/v1/inspection-plans"
    httpx.put(url, json=PLAN, trust_env=False).raise_for_status()


def asked(console: Console, path: str) -> Any:  # noqa: ANN401 -- JSON
    return httpx.get(f"{console.url}/api/v1{path}", trust_env=False).json()


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("path", ["/maintenance"])
def test_each_is_fit_for_everybody(
    browser: Browser, path: str, size: tuple[int, int]
) -> None:
    browser.resize(size)
    browser.open(path)
    browser.sees("every-other-day")
    assert browser.violations() == []
    width = browser.driver.execute_script("return document.body.scrollWidth")
    assert width <= size[0]
    assert browser.complaints() == []


def test_work_is_shown_as_the_api_tells_it(browser: Browser, console: Console) -> None:
    browser.prefer("zh-CN")
    browser.open("/maintenance?state=due_soon&site=north")
    browser.sees("上门计划", "即将到期", "every-other-day")
    items = asked(console, "/inspections?state=due_soon&site=north")["items"]
    assert len(items) == 6
    browser.sees(*(item["device_id"] for item in items))
    assert asked(console, "/inspections/sites")["items"][0]["due_soon"] == 6
