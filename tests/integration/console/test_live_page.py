"""The Live page in a real browser, over a hall that the fold made."""

import httpx

from gateway.console.pages.numbers import NOTHING
from tests.integration.console.browser import PHONE, Browser, Console
from tests.integration.console.hall import HOSTILE

ENGLISH = ("From press to backend", "Satisfied today", "Ratings as they come")
CHINESE = ("从按键到后端", "今日满意率", "最新评价")


def test_it_shows_what_the_ledger_holds(browser: Browser, console: Console) -> None:
    pipeline = httpx.get(f"{console.url}/api/v1/pipeline", trust_env=False).json()
    browser.open()
    browser.sees(*ENGLISH, f"{pipeline['received']}\n", "12 in service", "79.2 %")
    browser.sees("last week until 12:00: ")
    for sink in pipeline["sinks"]:
        browser.sees(sink["name"])
    browser.sees("the broker lost our session")


def test_what_happens_is_seen_while_it_happens(
    browser: Browser, console: Console
) -> None:
    browser.open()
    browser.sees("Ratings as they come")
    body = {
        "event_id": "at-the-web",
        "level": 1,
        "site": "south",
        "window": "w11",
        "medium": "web",
        "occurred_at": "2026-11-21T12:00:00Z",
    }
    url = f"{console.url}/api/v1/ratings"
    httpx.post(url, json=body, trust_env=False).raise_for_status()
    browser.sees("http-local")


def test_it_is_told_in_the_language_that_the_browser_asks_for(browser: Browser) -> None:
    browser.prefer("zh-CN,zh;q=0.9,en;q=0.5")
    browser.open()
    browser.sees(*CHINESE)
    assert browser.find("html").get_attribute("lang") == "zh-CN"


def test_the_switch_changes_the_language_and_it_stays(browser: Browser) -> None:
    browser.open()
    browser.sees(*ENGLISH)
    browser.click("切换到中文")
    browser.sees(*CHINESE)
    browser.open()
    browser.sees(*CHINESE)
    browser.click("Switch to English")
    browser.sees(*ENGLISH)


def test_times_are_those_of_whoever_looks(browser: Browser) -> None:
    browser.stands_in("Asia/Shanghai")
    browser.open()
    browser.sees("11-21 20:00")
    browser.stands_in("Asia/Kamchatka")
    browser.open()
    browser.sees(f"last week until 00:00: {NOTHING}, 0 ratings")
    browser.stands_in("")
    browser.open()
    browser.sees("11-21 12:00")


def test_colours_can_be_light_or_dark(browser: Browser) -> None:
    browser.open()
    browser.click("Colours: as the system has it")
    browser.click("Colours: light")
    browser.find("body.body--dark")
    browser.click("Colours: dark")


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser) -> None:
    browser.resize(PHONE)
    browser.open()
    browser.sees(*ENGLISH)
    width = browser.driver.execute_script("return document.body.scrollWidth")
    assert width <= PHONE[0]
    browser.click("Menu")
    browser.find(".q-drawer--left:not(.q-layout--prevent-focus) [aria-current=page]")


def test_a_hostile_name_is_text(browser: Browser) -> None:
    browser.open()
    browser.sees(HOSTILE)
    assert browser.driver.title == "Live · hall-test"


def test_the_browser_has_no_complaint_and_asks_nobody_else(
    browser: Browser, console: Console
) -> None:
    browser.open()
    browser.sees(*ENGLISH)
    assert browser.complaints() == []
    assert {url for url in browser.requests() if not url.startswith(console.url)} == (
        set()
    )
