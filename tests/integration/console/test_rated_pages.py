"""Ratings, sessions and follow-ups in a real browser."""

from typing import Any
from urllib.parse import quote

import httpx

from tests.integration.console.browser import Browser, Console
from tests.integration.console.places import BAD, SESSION


def asked(console: Console, path: str) -> Any:  # noqa: ANN401 -- JSON
    return httpx.get(f"{console.url}/api/v1{path}", trust_env=False).json()


def test_ratings_are_found_by_what_is_known_of_them(browser: Browser) -> None:
    browser.open("/ratings?level=2&device=eval-0011")
    browser.sees(BAD)
    assert "eval-0012" not in browser.text()


def test_a_rating_tells_its_whole_way_and_why_it_counts(
    browser: Browser, console: Console
) -> None:
    browser.open("/ratings?level=2&device=eval-0011")
    browser.click(BAD)
    found = asked(console, f"/ratings/{BAD}")
    reasons = asked(console, f"/ratings/{BAD}/explanation")
    browser.sees(
        f"place {found['trace']['place']}",
        *(one["sink"] for one in found["trace"]["deliveries"]),
        *(line["text"] for line in reasons["lines"]),
    )


def test_a_rating_is_disputed_and_the_dispute_decided(
    browser: Browser, console: Console
) -> None:
    browser.open(f"/ratings/{quote(BAD)}")
    browser.click("Dispute …")
    browser.find(".console-dialog input").send_keys("it was not our window")
    browser.click("OK")
    browser.sees("Disputed", "it was not our window", "Decide …")
    assert asked(console, f"/ratings/{BAD}")["dispute"] is not None


def test_a_step_of_a_follow_up_is_taken(browser: Browser, console: Console) -> None:
    browser.open("/followups")
    browser.click(f"Contacted {BAD}")
    browser.find(".console-dialog input").send_keys("called at noon")
    browser.click("OK")
    browser.sees("Done.")
    (duty,) = [
        one
        for one in asked(console, "/followups?limit=1000")["items"]
        if one["rating_id"] == BAD
    ]
    assert duty["contacted_at"] is not None


def test_a_session_tells_its_life_in_chinese(browser: Browser) -> None:
    browser.prefer("zh-CN")
    browser.open(f"/sessions/{quote(SESSION)}")
    browser.sees("办理过程", "已评价", "回访截止", "判定依据")


_LOOKS_BACK = """
const ask = window.fetch;
window.fetch = async (url, options) => {
  if (!String(url).includes("/api/v1/ratings?")) return ask(url, options);
  const cursor = Number(new URL(url, location.href).searchParams.get("cursor") ?? 4);
  if (cursor > 1) return Response.json({ items: [], next_cursor: String(cursor - 1) });
  return ask(String(url).replace(/&cursor=1$/, ""), options);
};
"""


def test_a_list_goes_on_by_itself_where_a_page_found_nothing_yet(
    browser: Browser,
) -> None:
    command = "Page.addScriptToEvaluateOnNewDocument"
    script = browser.driver.execute_cdp_cmd(command, {"source": _LOOKS_BACK})
    try:
        browser.open("/ratings?level=2&device=eval-0011")
        browser.sees(BAD)
    finally:
        browser.driver.execute_cdp_cmd(
            "Page.removeScriptToEvaluateOnNewDocument", script
        )
