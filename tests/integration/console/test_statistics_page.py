"""The page of figures in a real browser: each is the API's own text."""

import httpx

from tests.integration.console.browser import Browser, Console

EVER = "period=own&from=2026-10-01&to=2026-12-31"


def asked(console: Console, **params: str) -> list[dict[str, object]]:
    url = f"{console.url}/api/v1/statistics"
    items: list[dict[str, object]] = httpx.get(
        url, params=params, trust_env=False
    ).json()["items"]
    return items


def test_its_figures_are_those_of_the_api(browser: Browser, console: Console) -> None:
    browser.open(f"/statistics?{EVER}&by=site")
    (whole,) = asked(console)
    browser.sees(f"{whole['satisfaction_rate']} %", str(whole["mean_level"]))
    for site in asked(console, group_by="site"):
        browser.sees(f"{site['satisfaction_rate']} %", f"{site['completeness']} %")
    assert browser.complaints() == []


def test_another_grouping_stands_in_the_address(browser: Browser) -> None:
    browser.open(f"/statistics?{EVER}&by=site")
    browser.sees("north", "south")
    browser.open(f"/statistics?{EVER}&by=window&then=weekday&site=south")
    browser.sees("w11", "Window", "Weekday")
    assert "north" not in browser.text()


def test_a_switch_asks_anew_and_is_kept_in_the_address(browser: Browser) -> None:
    browser.open(f"/statistics?{EVER}")
    browser.sees("70.05 %")
    browser.find("[aria-label='With flagged ratings']").click()
    browser.at("/statistics?period=own&from=2026-10-01&to=2026-12-31&by=department&fl")


def test_a_period_without_ratings_says_what_to_do(browser: Browser) -> None:
    browser.open("/statistics?period=own&from=2020-01-01&to=2020-01-31")
    browser.sees("Nothing was rated in this period")
