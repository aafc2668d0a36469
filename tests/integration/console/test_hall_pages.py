"""Halls and terminals in a real browser."""

import re
from typing import Any

import httpx

from tests.integration.console.browser import PHONE, Browser, Console
from tests.integration.console.hall import HOSTILE

CHINESE = {
    "/": "消息代理丢失了会话",
    "/halls/south": "开门点名",
    "/devices/eval-0012": "未下发参数",
    "/ratings/eval-0001:e00-01-0": "判定依据",
    "/alerts": "检查消息代理的会话保持",
    "/audit": "机构资料表生效",
    "/quarantine": "批准后自动处理",
    "/deadletters": "对方认为内容有误",
    "/sinks": "无法连接对方",
    "/maintenance": "上门计划",
}
WITHOUT_EVIDENCE = "document.querySelectorAll('.console-raw').forEach(e => e.remove())"
"""What a machine wrote, beside what is told of it."""

SENTENCE = re.compile(r"(?!evalgate)\b[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
"""Three words in a row are no name, no id and no unit."""


def asked(console: Console, path: str) -> Any:  # noqa: ANN401 -- JSON
    return httpx.get(f"{console.url}/api/v1{path}", trust_env=False).json()


def test_the_site_that_needs_hands_most_comes_first(
    browser: Browser, console: Console
) -> None:
    browser.open("/halls")
    sites = [one["site"] for one in asked(console, "/sites/ranking")["items"]]
    browser.sees("North hall", "South hall")
    shown = browser.all(".console-listing tbody a")[: len(sites)]
    assert [link.get_attribute("title") for link in shown] == sites


def test_a_hall_is_its_windows_and_a_hostile_name_is_text(browser: Browser) -> None:
    browser.open("/halls/south")
    browser.sees("South hall", "Roll call: 0 of 6 ready", "Window 7", "w11", HOSTILE)
    assert browser.driver.title == "Hall · hall-test"
    browser.click("eval-0007")
    browser.at("/devices/eval-0007")


def test_an_unknown_terminal_is_approved(browser: Browser, console: Console) -> None:
    browser.open("/devices?lifecycle=pending")
    browser.click("Approve intruder")
    browser.sees("Done.")
    assert asked(console, "/devices/intruder")["lifecycle"] == "active"


def test_a_press_test_tells_each_key_as_it_is_confirmed(
    browser: Browser, console: Console
) -> None:
    browser.open("/devices/eval-0011")
    browser.click("Press test")
    browser.sees("press every key now", "awaited")
    assert asked(console, "/devices/eval-0011/press-test")["state"] == "running"


def test_maintenance_ends_by_itself(browser: Browser, console: Console) -> None:
    browser.prefer("zh-CN")
    browser.resize(PHONE)
    browser.open("/devices/eval-0010")
    browser.click("进入维护…")
    browser.find(".console-dialog input[maxlength]").send_keys("换电池")
    browser.click("确定")
    browser.find(".q-notification")
    assert browser.violations() == []
    (window,) = asked(console, "/maintenance-windows")["items"]
    assert (window["device_id"], window["reason"]) == ("eval-0010", "换电池")


def test_a_device_tells_what_it_sent_and_when_it_is_pressed(browser: Browser) -> None:
    browser.open("/devices/eval-0011")
    browser.sees("What it sent last", '"event_id"', "Ratings of today by the hour")


def test_a_terminal_is_asked_for_something_and_furnished(
    browser: Browser, console: Console
) -> None:
    browser.open("/devices/eval-0009")
    browser.sees("It was not asked for anything yet.", "Nothing is wanted of it")
    browser.click("Send")
    browser.sees("Show yourself", "Seconds 10", "asked")
    (command,) = asked(console, "/devices/eval-0009/commands")["items"]
    assert (command["command"], command["parameters"]) == ("identify", {"seconds": 10})
    browser.find("[aria-label='Setting']").send_keys("volume")
    browser.find("[aria-label='Value']").send_keys("40")
    browser.click("Set")
    browser.sees("volume", "It never said which revision it has.")
    wanted = asked(console, "/devices/eval-0009/settings")
    assert (wanted["desired"], wanted["revision"]) == ({"volume": 40}, 1)


def test_only_what_makes_sense_is_offered(browser: Browser, console: Console) -> None:
    browser.open("/devices/eval-0008")
    browser.sees("Press test", "Maintenance …", "Retire …", "Commands")
    assert "Approve" not in browser.text()
    browser.click("Retire …")
    browser.click("OK")
    browser.sees("Nothing: its life is over.")
    assert asked(console, "/devices/eval-0008")["lifecycle"] == "retired"
    assert not browser.all("[aria-label='Setting']")[0].is_displayed()


def test_chinese_pages_tell_no_english_sentence(browser: Browser) -> None:
    browser.prefer("zh-CN")
    browser.open("/no/such/page")
    browser.sees("页面不存在", "返回首页")
    browser.open("/devices/nobody")
    browser.sees("评价器 nobody 不存在")
    for path, told in CHINESE.items():
        browser.open(path)
        browser.sees(told)
        browser.driver.execute_script(WITHOUT_EVIDENCE)
        assert SENTENCE.findall(browser.text().replace(HOSTILE, "")) == [], path
