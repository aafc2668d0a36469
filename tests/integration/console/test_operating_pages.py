"""The pages of who keeps the gateway running, in a real browser."""

from typing import Any

import httpx

from tests.integration.console.browser import Browser, Console

LOST = "the broker lost our session"


def asked(console: Console, path: str) -> Any:  # noqa: ANN401 -- JSON
    return httpx.get(f"{console.url}/api/v1{path}", trust_env=False).json()


def test_an_alert_is_taken_on_with_a_reason(browser: Browser, console: Console) -> None:
    browser.open("/alerts")
    browser.sees(LOST)
    browser.click(f"See to it {LOST}: its queue is gone, unless terminals resend")
    browser.find(".console-dialog input").send_keys("on my way")
    browser.click("OK")
    browser.sees("Nothing needs hands.")
    browser.open("/alerts?state=confirmed")
    browser.sees(LOST)
    (alert,) = asked(console, "/alerts?state=confirmed")["items"]
    history = asked(console, f"/alerts/{alert['id']}")["history"]
    assert history[-1]["text"] == "on my way"


def test_what_could_not_be_accepted_is_seen_and_dropped(
    browser: Browser, console: Console
) -> None:
    browser.open("/quarantine")
    browser.click("Look 1")
    browser.sees('"event_id"', "evaluators/v1/intruder/rating", "7b 22")
    browser.click("Drop 1")
    browser.sees("Drop these bytes for good?")
    browser.click("Cancel")
    browser.click("Drop 1")
    browser.click("OK")
    browser.sees("dropped")
    browser.prefer("zh-CN")
    browser.open("/quarantine")
    browser.sees("批准后自动处理", "waits until the device is approved")
    browser.click("查看 1")
    browser.sees("按协议检查")
    assert asked(console, "/quarantine/1")["state"] == "purged"


def test_a_dead_letter_tells_its_answer_and_is_sent_again(browser: Browser) -> None:
    browser.open("/deadletters")
    browser.sees("business", "eval-0001:e00-01-0")
    browser.click("Look 1")
    browser.sees("Letter 1")
    browser.click("Send again 1")
    browser.sees("Done.")


def test_sinks_are_told_as_the_api_tells_them(
    browser: Browser, console: Console
) -> None:
    browser.open("/sinks")
    browser.sees(*(sink["name"] for sink in asked(console, "/pipeline")["sinks"]))


def test_the_check_of_all_data_is_asked_for(browser: Browser) -> None:
    browser.open("/data")
    browser.sees("not checked yet", "Configuration in force", '"gateway"')
    browser.click("Check now")
    browser.sees("Begun by")


def test_what_was_done_and_refused_stands_in_the_audit(
    browser: Browser, console: Console
) -> None:
    url = f"{console.url}/api/v1/devices/eval-0001"
    httpx.put(url, json={"lifecycle": "pending"}, trust_env=False)
    browser.prefer("zh-CN")
    browser.open("/audit")
    browser.sees("操作人", "认领告警", "清除隔离内容", "不能改为“待批准”")
