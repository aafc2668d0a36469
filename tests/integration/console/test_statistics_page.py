"""The page of figures in a real browser: each is the API's own text."""

import httpx

from tests.integration.console.browser import Browser, Console

EVER = "period=own&from=2026-10-01&to=2026-12-31"


OCTOBER = "2026-10-15T10:00:00+08:00"


def press(console: Console, number: int, level: int) -> None:
    """In October, by another medium; it is over."""
    body = {"event_id": f"october-{number}", "level": level, "window": "w1"}
    body |= {"site": "north", "session_id": f"O{number}", "occurred_at": OCTOBER}
    url = f"{console.url}/api/v1/ratings"
    assert httpx.post(url, json=body, trust_env=False).status_code == 201


def asked(console: Console, **params: str) -> list[dict[str, object]]:
    url = f"{console.url}/api/v1/statistics"
    items: list[dict[str, object]] = httpx.get(
        url, params=params, trust_env=False
    ).json()["items"]
    return items


def test_its_figures_are_those_of_the_api(browser: Browser, console: Console) -> None:
    browser.open(f"/statistics?{EVER}&by=site")
    (whole,) = asked(console)
    mean = str(whole["mean_level"])
    browser.sees(f"{whole['satisfaction_rate']} %", f"{float(mean):.2f}")
    assert browser.find(f".console-figure[title='{mean}']").is_displayed()
    for site in asked(console, group_by="site"):
        browser.find(f".console-listing [title='{site['mean_level']}']")
        browser.sees(f"{site['satisfaction_rate']} %", f"{site['completeness']} %")
    assert browser.complaints() == []


def test_another_grouping_stands_in_the_address(browser: Browser) -> None:
    browser.open(f"/statistics?{EVER}&by=site")
    browser.sees("North hall", "South hall")
    browser.open(f"/statistics?{EVER}&by=window&then=weekday&site=south")
    browser.sees("Window 11", "Weekday")
    assert "Window 1 " not in browser.text()


def test_a_switch_asks_anew_and_is_kept_in_the_address(
    browser: Browser, console: Console
) -> None:
    browser.open(f"/statistics?{EVER}")
    browser.sees(f"{asked(console)[0]['satisfaction_rate']} %")
    browser.find("[aria-label='With flagged ratings']").click()
    browser.at("/statistics?period=own&from=2026-10-01&to=2026-12-31&by=department&fl")


def test_a_period_without_ratings_says_what_to_do(browser: Browser) -> None:
    browser.open("/statistics?period=own&from=2020-01-01&to=2020-01-31")
    browser.sees("Nothing was rated in this period")


def test_a_month_is_sealed_and_tells_what_changed_it(
    browser: Browser, console: Console
) -> None:
    press(console, 1, 5)
    browser.open("/statistics")
    browser.click("Sealed months")
    browser.sees("chen", "2026-09")
    browser.click("Seal a month")
    browser.click("OK")
    browser.sees("2026-10", "all together", "holds")
    press(console, 2, 1)
    browser.click("2026-10")
    browser.sees("100.00 %", "by now 50.00 %", "came late", "http-local:october-2")
    browser.click("Only what changed since")
    browser.sees("Tax counter")
    browser.click("http-local:october-2")
    browser.sees("Why it counts as it does")
    assert browser.complaints() == []


def test_a_sample_is_drawn_and_what_is_found_counts(
    browser: Browser, console: Console
) -> None:
    press(console, 3, 4)
    browser.open("/statistics/samples")
    browser.sees("chen", "2026-11")
    browser.click("Draw a sample")
    browser.sees("What was drawn", "http-local:october-3", "Open")
    browser.click("Wrong http-local:october-3")
    browser.find(".console-dialog input").send_keys("nobody was there")
    browser.click("OK")
    browser.sees("nobody was there", "0.0 %")
    browser.click("Samples")
    browser.sees("0.00 %", "2026-11-21")
    assert browser.complaints() == []
