"""A real browser on the console's pages, and the console it looks at."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

import httpx
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from gateway.credentials import CredentialsFile
from gateway.users import FILE_NAME, Grant, Users
from simulators.processes import Child, accepts, free_port

WAIT_S: Final = 40
DESK: Final = (1400, 900)
PHONE: Final = (390, 844)
PASSWORD: Final = "correct horse battery"
_LIKE_OTHERS: Final = ["tbody tr:nth-child(n + 5)"]
"""Rows that are made as those above them: looking at all takes axe ten seconds."""

_AXE: Final = files("axe_core_python") / "axe.min.js"


class Console:
    """A process that serves the pages over a furnished hall."""

    def __init__(self, directory: Path) -> None:
        self.users = Users(directory / FILE_NAME)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.directory = directory
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def child(self) -> Child:
        assert self._child is not None, "it was started"
        return self._child

    def start(self, *options: str) -> None:
        """Return when the port is served; another start serves the same port."""
        served = [sys.executable, "-m", "tests.integration.console.served"]
        words = [*served, str(self.directory), str(self.port), *options]
        self._child = child = Child(words, self.directory / "log")
        child.wait_ready(lambda: accepts(self.port), WAIT_S)

    def stop(self) -> None:
        self.child.stop()

    def restart(self) -> None:
        """As after a crash: another process over the hall as it was furnished."""
        self.child.kill()
        self.stop()
        for store in self.directory.glob("*.db*"):
            store.unlink()
        self.start()

    def becomes(self, name: str, role: str, *beside: str, employee: str | None) -> None:
        """Give a user another role in the file, which ends no log-in."""
        file = CredentialsFile(self.directory / FILE_NAME, dict, "users")
        with file.locked():
            content = file.read()
            assert content is not None, "there are users"
            (user,) = (user for user in content["users"] if user["name"] == name)
            user |= {"role": role, "beside": beside, "employee": employee}
            file.write(content)

    def user(
        self,
        name: str,
        role: str,
        site: str | None = None,
        employee: str | None = None,
    ) -> None:
        """Let somebody log in with `PASSWORD`."""
        grant = Grant(role, site, employee=employee)
        self.users.create(name, PASSWORD, grant, 0)


class Browser:
    """Pages as people see them."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self, path: str = "/") -> None:
        self.driver.get(self.url + path)

    def resize(self, size: tuple[int, int]) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": size[0],
                "height": size[1],
                "deviceScaleFactor": 1,
                "mobile": False,
            },
        )

    def find(self, css: str) -> WebElement:
        """The first such element; waits until there is one."""
        found: WebElement = self._wait().until(
            lambda driver: driver.find_elements(By.CSS_SELECTOR, css)[:1]
        )[0]
        return found

    def all(self, css: str) -> list[WebElement]:
        """All such elements that there are now."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def click(self, label: str) -> None:
        """Press what is called so, by its text or its label."""
        path = (
            f"//*[self::button or self::a or @role='button']"
            f"[@aria-label={label!r} or normalize-space()={label!r}]"
        )
        self._wait().until(lambda driver: _pressed(driver, path), f"no {label!r}")

    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def sees(self, *texts: str) -> None:
        """Wait until the page says all of these."""
        self._wait().until(
            lambda _: all(text in self.text() for text in texts),
            f"the page never says all of {texts}",
        )

    def settled(self) -> None:
        """Wait until the page is drawn and its tables have what they asked for."""
        self.find("main .console-title")
        self._wait().until(lambda _: not self.all("[aria-busy=true]"), "still loading")

    def at(self, path: str) -> None:
        """Wait until this page is open."""
        self._wait().until(
            lambda d: d.current_url.removeprefix(self.url).startswith(path), path
        )

    def log_in(self, name: str, password: str = PASSWORD) -> None:
        self.open("/login")
        self.find("#user").clear()
        self.find("#user").send_keys(name)
        self.find("#password").send_keys(password)
        self.find("button[type=submit]").click()

    def enter(self, name: str) -> None:
        """As somebody who logged in a while ago, without the form."""
        form = {"user": name, "password": PASSWORD}
        answer = httpx.post(f"{self.url}/login", data=form, trust_env=False)
        self.shows(answer.cookies)

    def shows(self, cookies: Mapping[str, str]) -> None:
        """Send these from now on."""
        for name, value in cookies.items():
            cookie = {"name": name, "value": value, "url": self.url}
            self.driver.execute_cdp_cmd("Network.setCookie", cookie)

    def forget(self) -> None:
        """As somebody who was never here."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def prefer(self, language: str) -> None:
        """What the browser asks for, before anybody chose."""
        self.driver.execute_cdp_cmd(
            "Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": language}}
        )

    def stands_in(self, zone: str) -> None:
        """Where the browser is."""
        self.driver.execute_cdp_cmd(
            "Emulation.setTimezoneOverride", {"timezoneId": zone}
        )

    def choose(self, cookie: str, value: str) -> None:
        """As if somebody had chosen this on a page."""
        self.shows({cookie: value})

    def complaints(self) -> list[str]:
        """What the browser's console says that is no mere information."""
        entries: list[dict[str, Any]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [one["message"] for one in entries if one["level"] == "SEVERE"]

    def violations(self) -> list[str]:
        """What axe finds serious or worse."""
        self.driver.execute_script(_AXE.read_text())
        found = self.driver.execute_async_script(
            "const [exclude, done] = arguments;"
            "const options = {preload: false, resultTypes: ['violations']};"
            "axe.run({exclude}, options).then("
            "r => done(r.violations), e => done([{id: `${e}`, impact: 'critical'}]))",
            _LIKE_OTHERS,
        )
        return [
            f"{one['id']}: {[node['html'] for node in one.get('nodes', [])][:3]}"
            for one in found
            if one["impact"] in {"serious", "critical"}
        ]

    def requests(self) -> list[str]:
        """The addresses of all that the page has loaded."""
        urls: list[str] = self.driver.execute_script(
            "return performance.getEntriesByType('resource').map(one => one.name)"
        )
        return urls

    def picture(self, path: Path) -> None:
        path.write_bytes(self.driver.get_screenshot_as_png())

    def _wait(self) -> WebDriverWait[Chrome]:
        gone = (StaleElementReferenceException, NoSuchElementException)
        return WebDriverWait(self.driver, WAIT_S, 0.05, ignored_exceptions=gone)


def _pressed(driver: Chrome, path: str) -> bool:
    """Press the first such element that is shown; a dialog may still come or go."""
    for found in driver.find_elements(By.XPATH, path):
        try:
            found.click()
        except (
            ElementClickInterceptedException,
            ElementNotInteractableException,
            StaleElementReferenceException,
        ):
            continue
        return True
    return False


@contextmanager
def chromium() -> Iterator[Chrome]:
    """Debian's, which asks nobody on the internet for anything."""
    options = ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--force-prefers-reduced-motion",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, Service("/usr/bin/chromedriver"))
    driver.execute_cdp_cmd("Network.enable", {})
    try:
        yield driver
    finally:
        driver.quit()
