"""A clerk's own page, in a real browser."""

import httpx
import pytest

from tests.integration.console.browser import PHONE, Browser, Console


@pytest.fixture(scope="module", autouse=True)
def _users(console: Console) -> None:
    console.user("chen", "clerk", employee="E1")
    console.user("wu", "clerk", employee="E9")


def test_a_clerk_comes_to_its_own_page_and_sees_no_other(
    browser: Browser, console: Console
) -> None:
    browser.log_in("chen")
    browser.at("/me")
    browser.sees("My ratings in effect", "Tax counter, all:", "Dispute")
    assert [way.text for way in browser.all(".console-way")] == ["badge\nMy ratings"]
    windows = {cell.text for cell in browser.all("td[data-label=Window]")}
    assert windows == {"Window 1"}
    told = [one.text for one in browser.all(".console-card")]
    assert not any(f"E{number}" in text for text in told for number in (2, 3))
    assert browser.violations() == []
    assert browser.complaints() == []
    assert all(url.startswith(console.url) for url in browser.requests())
    for path in ("/statistics", "/ratings", "/devices"):
        browser.open(path)
        browser.sees("You may not see this page.")


def test_a_rating_is_disputed_once_and_then_told_how_it_stands(
    browser: Browser, console: Console
) -> None:
    browser.enter("chen")
    browser.open("/me")
    browser.sees("My ratings in effect")
    browser.find(".console-listing button.console-act").click()
    browser.find(".console-dialog input").send_keys("I was not at the window")
    browser.click("OK")
    browser.sees("Disputed; somebody else decides.")
    browser.find(".console-listing button.console-act").click()
    browser.sees("This rating was disputed before", "not decided yet")
    browser.sees("I was not at the window")
    shown = {one["name"]: one["value"] for one in browser.driver.get_cookies()}
    number = browser.all("td[data-label=Rating]")[0].text
    answer = httpx.get(
        f"{console.url}/api/v1/ratings/{number}", cookies=shown, trust_env=False
    )
    assert answer.json()["dispute"]["by"] == "E1"


def test_who_was_never_rated_is_told_so_in_chinese_on_a_phone(
    browser: Browser,
) -> None:
    browser.prefer("zh-CN")
    browser.resize(PHONE)
    browser.enter("wu")
    browser.open("/me")
    browser.sees("我的评价", "本月没有对您的评价")
    width = browser.driver.execute_script("return document.body.scrollWidth")
    assert width <= PHONE[0]
    browser.enter("chen")
    browser.open("/me")
    browser.sees("Tax counter 整体", "申诉")
    width = browser.driver.execute_script("return document.body.scrollWidth")
    assert width <= PHONE[0]
    assert browser.violations() == []
