"""Who is logged in sees pages, and sees them no longer than that: in a browser."""

import asyncio
import json

import httpx
import pytest
import socketio  # type: ignore[import-untyped]

from tests.integration.console.browser import PASSWORD, Browser, Console

SEEN = "From press to backend"


@pytest.fixture(scope="module", autouse=True)
def _users(console: Console) -> None:
    console.user("li", "operator", "north")
    console.user("zhang", "viewer")


def cookies(browser: Browser) -> dict[str, str]:
    return {one["name"]: one["value"] for one in browser.driver.get_cookies()}


def test_a_page_is_seen_after_the_log_in_and_not_before(browser: Browser) -> None:
    browser.open("/?of=link")
    browser.at("/login")
    browser.log_in("li", "wrong password")
    browser.sees("User or password is not right.")
    assert browser.violations() == []
    browser.log_in("li")
    browser.at("/")
    browser.sees(SEEN, "li, site north")
    assert "Open: no user" not in browser.text()


def test_the_form_is_in_the_language_of_the_browser(browser: Browser) -> None:
    browser.prefer("zh-CN")
    browser.open("/login")
    browser.sees("用户名", "密码")


def test_a_log_out_ends_every_open_page_of_the_log_in(
    browser: Browser, console: Console
) -> None:
    browser.enter("zhang")
    browser.open()
    browser.sees(SEEN)
    httpx.post(f"{console.url}/logout", cookies=cookies(browser), trust_env=False)
    browser.at("/login")


def test_who_is_disabled_is_sent_away_at_once(
    browser: Browser, console: Console
) -> None:
    browser.enter("zhang")
    browser.open()
    browser.sees(SEEN)
    console.users.set_disabled("zhang", disabled=True)
    try:
        browser.at("/login")
    finally:
        console.users.set_disabled("zhang", disabled=False)


def test_another_users_socket_is_not_heard_for_a_page(
    browser: Browser, console: Console
) -> None:
    browser.enter("li")
    browser.open()
    browser.sees(SEEN)
    number = browser.driver.execute_script("return window.clientId")
    form = {"user": "zhang", "password": PASSWORD}
    answer = httpx.post(f"{console.url}/login", data=form, trust_env=False)
    shown = "; ".join(f"{k}={v}" for k, v in answer.cookies.items())
    assert asyncio.run(_event(console.url, number, shown)) is False
    own = "; ".join(f"{k}={v}" for k, v in cookies(browser).items())
    assert asyncio.run(_event(console.url, number, own)) is None


def test_a_connection_of_requests_is_its_own_log_ins_alone(
    browser: Browser, console: Console
) -> None:
    browser.enter("li")
    browser.open()
    browser.sees(SEEN)
    url = f"{console.url}/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    form = {"user": "zhang", "password": PASSWORD}
    other = httpx.post(f"{console.url}/login", data=form, trust_env=False).cookies

    own, headers = cookies(browser), {"Origin": console.url}
    with httpx.Client(trust_env=False, cookies=own) as client:
        begun = client.get(url, headers=headers)
        assert begun.status_code == 200
        assert "access-control-allow-origin" not in begun.headers
        url += f"&sid={json.loads(begun.text[1:])['sid']}"
        foreign = client.get(url, headers={"Origin": "http://127.0.0.1:1"})
        assert foreign.json()["code"] == "foreign_origin"
        assert client.post(url, content="40", headers=headers).text == "OK"
    with httpx.Client(trust_env=False, cookies=other) as client:
        assert client.post(url, content="41").json()["code"] == "foreign_connection"


async def _event(url: str, number: str, shown: str) -> object:
    """What is answered to an event of an element that the page has not."""
    client = socketio.AsyncClient()
    await client.connect(
        url,
        headers={"Cookie": shown},
        socketio_path="/_nicegui_ws/socket.io",
        transports=["websocket"],
    )
    data = {"client_id": number, "id": 999_999, "listener_id": "x", "args": []}
    try:
        return await client.call("event", data, timeout=30)
    finally:
        await client.disconnect()


def test_after_a_restart_a_page_asks_for_a_log_in_by_itself(
    browser: Browser, console: Console
) -> None:
    browser.enter("li")
    browser.open()
    browser.sees(SEEN)
    console.restart()
    browser.at("/login")
