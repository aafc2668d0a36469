"""What the console's pages cost over a month of a large customer.

    python -m tests.benchmarks.hall DIRECTORY
    python -m tests.benchmarks.pages DIRECTORY

Starts a gateway on that directory, opens every page in chromium, asks for every list,
and says how much of a core the console takes while 1,000 ratings a second come, with no
page open and with five. The last line is JSON.
"""

import argparse
import json
import statistics
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
from selenium.webdriver import Chrome

from simulators.processes import Child, cpu_s, free_port, rss_bytes
from simulators.services import Mosquitto
from tests.benchmarks.hall import SITES
from tests.integration.console.browser import DESK, Browser, chromium

PAGES = (
    "/",
    "/halls",
    "/halls/site-03",
    "/devices",
    "/devices/dev-00042",
    "/ratings",
    "/sessions",
    "/followups",
    "/maintenance",
    "/maintenance/availability",
    "/maintenance/sheets/site-03",
    "/statistics",
    "/statistics/months",
    "/statistics/samples",
    "/alerts",
    "/quarantine",
    "/sinks",
    "/data",
    "/audit",
)
LISTS = (
    "/devices?limit=50",
    "/devices?limit=50&presence=offline",
    "/devices?limit=1000",
    "/ratings?limit=50",
    "/ratings?limit=50&level=1",
    "/ratings?limit=50&device=dev-00042",
    "/ratings?limit=50&device=nobody",
    "/ratings?limit=50&site=site-03",
    "/ratings?limit=50&department=dep-003&level=1",
    "/ratings?limit=50&employee=e42",
    "/ratings?limit=50&employee=nobody",
    "/ratings?limit=50&employee=e42&level=1",
    "/ratings?limit=50&employee=e42&site=site-03",
    "/ratings?limit=50&session=nobody",
    "/ratings?limit=50&flag=orphan",
    "/ratings?limit=50&effective=false",
    "/sessions?limit=50",
    "/sessions?limit=50&state=rated",
    "/sessions?limit=50&state=voided",
    "/sessions?limit=50&site=nobody",
    "/sessions?limit=50&device=dev-00042",
    "/sessions?limit=50&session=nobody",
    "/sessions?limit=50&to=2020-01-01T00:00:00Z",
    "/followups?limit=50&state=open",
    "/followups?limit=50&state=overdue",
    "/followups?limit=50&state=closed",
    "/complaints?limit=50",
    "/sites/ranking",
    "/sites/site-03/rollcall?limit=200",
    "/coverage",
    "/alerts?limit=50&state=open",
    "/alerts?limit=50&device=dev-00042",
    "/comments?limit=50",
    "/comments?limit=50&department=dep-003",
    "/comments?limit=50&reason=slow",
    "/audit?limit=50",
    "/audit?limit=50&by=nobody",
    "/quarantine?limit=50&device=dev-00042",
    "/commands?limit=50",
    "/inspections?limit=50&state=overdue",
    "/deadletters?limit=50",
    "/statistics?group_by=hour,weekday",
    "/statistics?group_by=day&employee=e42",
    "/statistics?group_by=hour&device=dev-00042",
    "/statistics?group_by=employee",
    "/statistics?group_by=device,month",
    "/statistics?group_by=month,device",
    "/statistics?group_by=employee,day",
    "/statistics?group_by=day,employee",
    "/statistics?group_by=device,hour",
)
OPEN = ("/", "/halls/site-03", "/devices/dev-00042", "/alerts", "/data")
FOUND = {
    "/ratings?limit=1": ("rating_id", "/ratings/{}"),
    "/sessions?limit=1": ("session_key", "/sessions/{}"),
    "/statements?limit=1": ("month", "/statistics/months/{}"),
    "/samples?limit=1": ("sample_id", "/statistics/samples/{}"),
}
"""Pages about one thing: of the newest that the API lists."""

PLANS = [
    {
        "plan_id": f"weekly-{no:02d}",
        "scope": "site",
        "subject": f"site-{no:02d}",
        "every_days": 7,
        "remind_before_days": 2,
        "checklist": ["clean", "battery"],
    }
    for no in range(SITES)
]
RATE = 1000
TIMES = 5
SECONDS = 20.0
START_S_MAX = 600.0


class Console:
    """`evalgate run` over the directory, without sinks."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        broker = stack.enter_context(Mosquitto(directory / "broker"))
        self.broker_port, self.port = broker.port, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._directory = directory
        config = directory / "gateway.toml"
        config.write_text(
            f'[broker]\nurl = "mqtt://127.0.0.1:{broker.port}"\n'
            '[fleet]\nunknown_devices = "approve"\n'
            f'[console]\nlisten = "127.0.0.1:{self.port}"\n',
            "utf-8",
        )
        words = [sys.executable, "-m", "gateway.cli", "run", "--config", str(config)]
        self.child = stack.enter_context(Child(words, directory / "log"))
        self.child.wait_ready(self._ready, START_S_MAX)

    @property
    def pid(self) -> int:
        path = self._directory / "data" / "run" / "console.pid"
        return int(path.read_text("ascii"))

    def used(self, seconds: float) -> float:
        """Percent of a core that the console takes for so long."""
        before = cpu_s(self.pid)
        time.sleep(seconds)
        return 100 * (cpu_s(self.pid) - before) / seconds

    def _ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.url}/readyz", trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK


def furnish(console: Console) -> None:
    """What people do: inspections planned, a month sealed, a sample drawn."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    last = today.replace(day=1) - timedelta(days=1)
    day = {"from": (today - timedelta(days=1)).isoformat(), "to": today.isoformat()}
    acts = {
        "/inspection-plans": ("PUT", PLANS),
        f"/statements/{last:%Y-%m}": ("POST", {}),
        "/samples": ("POST", {"volume": 500, "seed": "pages", "filter": day}),
    }
    with httpx.Client(trust_env=False, timeout=60) as client:
        for path, (verb, body) in acts.items():
            begin_s = time.perf_counter()
            answer = client.request(verb, f"{console.url}/api/v1{path}", json=body)
            spent_ms = (time.perf_counter() - begin_s) * 1000
            say(f"{spent_ms:8.1f} ms  {answer.status_code}  {verb} {path}")


def pages(console: Console) -> list[str]:
    """All pages, each of them about something that is there."""
    found = []
    with httpx.Client(trust_env=False, timeout=30) as client:
        for path, (name, page) in FOUND.items():
            items = client.get(f"{console.url}/api/v1{path}").json()["items"]
            found += [page.format(quote(one[name], safe="")) for one in items]
    return [*PAGES, *found]


def asked(console: Console) -> dict[str, float]:
    """Milliseconds of each list, the middle of several."""
    spent = {}
    with httpx.Client(trust_env=False, timeout=30) as client:
        for path in LISTS:
            times = []
            for _ in range(TIMES):
                begin_s = time.perf_counter()
                answer = client.get(f"{console.url}/api/v1{path}")
                times.append((time.perf_counter() - begin_s) * 1000)
            spent[path] = statistics.median(times)
            say(f"{spent[path]:8.1f} ms  {answer.status_code}  {path}")
    return spent


def painted(driver: Chrome, console: Console) -> dict[str, float]:
    """Milliseconds until each page shows something, and until nothing loads."""
    browser = Browser(driver, console.url)
    browser.resize(DESK)
    begin_s = time.perf_counter()
    httpx.get(console.url, trust_env=False, timeout=60)
    say(f"{(time.perf_counter() - begin_s) * 1000:8.1f} ms  the very first page")
    spent = {}
    for path in pages(console):
        first, last = [], []
        for _ in range(TIMES):
            browser.open(path)
            browser.find(".console-title")
            time.sleep(1)
            first.append(_first_paint(driver))
            last.append(_last_answer(driver))
        spent[path] = statistics.median(first)
        more = f"last answer {statistics.median(last):8.1f} ms"
        say(f"{spent[path]:8.1f} ms  {path:24} {more}")
    return spent


def _first_paint(driver: Chrome) -> float:
    return float(
        driver.execute_script(
            "return performance.getEntriesByName('first-contentful-paint')[0].startTime"
        )
    )


def _last_answer(driver: Chrome) -> float:
    return float(
        driver.execute_script(
            "return Math.max(0, ...performance.getEntriesByType('resource')"
            ".filter(one => one.name.includes('/api/')).map(one => one.responseEnd))"
        )
    )


def watched(driver: Chrome, console: Console, directory: Path) -> dict[str, float]:
    """Percent of a core while ratings come: nobody looks, then five pages."""
    seconds = int(2 * SECONDS + 40)
    words = [sys.executable, "-m", "simulators", "load", "--devices", "1000"]
    words += ["--n", str(RATE * seconds), "--rate", str(RATE)]
    words += ["--port", str(console.broker_port)]
    words += ["--manifest", str(directory / "manifest")]
    driver.get("about:blank")
    with Child(words, directory / "load.err"):
        time.sleep(8)
        alone = console.used(SECONDS)
        for path in OPEN:
            driver.switch_to.new_window("window")
            driver.get(console.url + path)
        time.sleep(4)
        five = console.used(SECONDS)
    return {"alone": alone, "five": five, "pages": five - alone}


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 -- the report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages")
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    with ExitStack() as stack:
        console = Console(stack, directory)
        before = rss_bytes(console.pid)
        furnish(console)
        driver = stack.enter_context(chromium())
        report: dict[str, object] = {"lists_ms": asked(console)}
        report["first_paint_ms"] = painted(driver, console)
        report["cpu_percent"] = watched(driver, console, directory)
        report["rss_mib"] = [before >> 20, rss_bytes(console.pid) >> 20]
    say(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
