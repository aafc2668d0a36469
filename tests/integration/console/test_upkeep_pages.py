"""The pages of who keeps terminals in order, in a real browser."""

from typing import Any

import httpx
import pytest

from tests.integration.console.browser import PHONE, Browser, Console
from tests.integration.console.hall import PLAN


@pytest.fixture(scope="module", autouse=True)
def _planned(console: Console) -> None:
    url = f"{console.url}/api/v1/inspection-plans"
    httpx.put(url, json=PLAN, trust_env=False).raise_for_status()


def asked(console: Console, path: str) -> Any:  # noqa: ANN401 -- JSON
    return httpx.get(f"{console.url}/api/v1{path}", trust_env=False).json()


def test_work_is_shown_as_the_api_tells_it(browser: Browser, console: Console) -> None:
    browser.prefer("zh-CN")
    browser.open("/maintenance?state=due_soon&site=north")
    browser.sees("上门计划", "携带备件", "即将到期", "every-other-day")
    items = asked(console, "/inspections?state=due_soon&site=north")["items"]
    assert len(items) == 6
    browser.sees(*(item["device_id"] for item in items))
    assert asked(console, "/inspections/sites")["items"][0]["due_soon"] == 6


SHEETS = "/maintenance/sheets/north"


def mark(browser: Browser, device: str, item: str, mark: str) -> None:
    """Choose a mark on a device's sheet, which is opened first."""
    fields = browser.driver.find_elements("css selector", "details.console-sheet")
    (sheet,) = [one for one in fields if device in one.text]
    if not sheet.get_attribute("open"):
        sheet.find_element("css selector", "summary").click()
    path = (
        f".//fieldset[legend[contains(., '{item}')]]//label[normalize-space()='{mark}']"
    )
    sheet.find_element("xpath", path).click()


def connected(browser: Browser, *, is_there: bool) -> None:
    browser.driver.execute_cdp_cmd(
        "Network.emulateNetworkConditions",
        {
            "offline": not is_there,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": -1,
        },
    )


def test_a_sheet_outlives_a_reload_and_a_lost_connection(
    browser: Browser, console: Console
) -> None:
    browser.resize(PHONE)
    browser.open(SHEETS)
    browser.sees("Sheets to fill in: 6")
    mark(browser, "eval-0001", "clean", "Good")
    browser.open(SHEETS)
    browser.sees("eval-0001", "1 / 2")
    mark(browser, "eval-0001", "battery", "Bad")
    assert browser.violations() == []
    connected(browser, is_there=False)
    try:
        browser.click("Sign off eval-0001")
        browser.sees("kept on this phone until there is a connection: 1")
        assert asked(console, "/inspection-records")["items"] == []
    finally:
        connected(browser, is_there=True)
    browser.sees("eval-0001: signed off and recorded")
    (record,) = asked(console, "/inspection-records")["items"]
    assert record["checklist"] == {"clean": "pass", "battery": "fail"}
    assert record["result"] == "degraded"
    browser.complaints()  # what was lost is told there, too


def test_available_and_signed_months_are_told_even_when_there_are_none(
    browser: Browser,
) -> None:
    browser.open("/maintenance/availability?group=device&period=last_month")
    browser.sees("MTBF", "Inspected in time", "No month was sealed yet.")


def test_a_viewer_may_look_and_not_sign(browser: Browser, console: Console) -> None:
    console.user("vera", "viewer")
    browser.enter("vera")
    browser.open(SHEETS)
    browser.sees("Sheets to fill in: 6")
    browser.driver.find_element("css selector", ".console-sheet summary").click()
    browser.sees("You may look, but not sign off.")
    status = browser.driver.execute_async_script(
        "const done = arguments[0];"
        "fetch('/api/v1/inspections', {method: 'POST', body: '{\"device_id\":"
        " \"eval-0002\"}', headers: {'Content-Type': 'application/json'}})"
        ".then(answer => done(answer.status))"
    )
    assert status == 403
