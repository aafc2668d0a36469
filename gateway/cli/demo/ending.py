"""The end of a demo: terminals rest, sinks get what they are owed, all is compared."""

import json
import subprocess
import sys
import time
from typing import Any, Final
from urllib.request import ProxyHandler, Request, build_opener

from gateway.cli.api import Api
from gateway.cli.demo.commands import environment
from gateway.cli.demo.hall import Hall
from gateway.cli.demo.layout import Layout
from gateway.cli.demo.reckoning import Reckoning, reckon
from gateway.cli.live.figures import Pipeline
from gateway.cli.live.reading import read
from gateway.errors import PermanentError, TransientError
from gateway.supervisor.signals import SignalWaiter

# Together, with what a process needs to start, below the five seconds of a Ctrl-C.
_SETTLE_S: Final = 2.5
_GATEWAY_S: Final = 1.5
_REST_S: Final = 0.5
_FAULTS_S: Final = 0.3
# Hours of presses may take longer to count; a few minutes' are counted at once.
_COUNT_S: Final = 10.0
_COMPARE_S: Final = 10.0
_TAKE_RATINGS: Final = frozenset({"influxdb", "backend"})
_PAGE: Final = 1000
_POLL_MS: Final = 100


def end(hall: Hall, layout: Layout, api: Api, waiter: SignalWaiter) -> Reckoning:
    """Stop everything and say what came of it; another signal hurries."""
    try:
        _undo_faults(layout)
        hall.rest()
        _settle(hall, layout, api, waiter)
        pressed, kept = _pressed(layout), _kept(api)
        hall.stop_gateway(_GATEWAY_S)
        report = _compared(layout)
        hall.stop_services(_REST_S)
    finally:
        hall.kill()
    return reckon(pressed, kept, report, unsent=_unsent(layout))


def _undo_faults(layout: Layout) -> None:
    """Let the sinks take what they are owed, whatever they were told to do."""
    opener = build_opener(ProxyHandler({}))
    for port in (layout.ports.influxdb, layout.ports.backend):
        url = f"http://127.0.0.1:{port}/pretend/faults"
        request = Request(url, method="DELETE")
        try:
            opener.open(request, timeout=_FAULTS_S).close()
        except OSError:
            continue  # halted or gone: the figures will tell


def _settle(hall: Hall, layout: Layout, api: Api, waiter: SignalWaiter) -> None:
    """Wait until nothing is owed any more, or time is up."""
    give_up_s = time.monotonic() + _SETTLE_S
    while time.monotonic() < give_up_s:
        if hall.resting:
            pipeline = read(api).pipeline
            if pipeline is not None and _is_done(pipeline, _pressed(layout)):
                return
        if waiter.wait(_POLL_MS):
            return


def _pressed(layout: Layout) -> int:
    """How many presses must arrive, as the terminals say when they have ended."""
    try:
        return layout.manifest.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def _unsent(layout: Layout) -> int:
    """Presses of terminals that were offline to the end."""
    try:
        return int(json.loads(layout.report.read_bytes())["still_kept"])
    except (FileNotFoundError, ValueError):
        return 0


def _is_done(pipeline: Pipeline, pressed: int) -> bool:
    told = [it.delivered for it in pipeline.sinks if it.kind in _TAKE_RATINGS]
    return not any(it.owed for it in pipeline.sinks) and min(told) >= pressed


def _kept(api: Api) -> int | None:
    """How many ratings the ledger holds; None when the API does not say in time."""
    give_up_s = time.monotonic() + _COUNT_S
    count, cursor = 0, None
    try:
        while time.monotonic() < give_up_s:
            page = api.get("/api/v1/ratings", limit=_PAGE, cursor=cursor)
            count, cursor = count + len(page["items"]), page["next_cursor"]
            if cursor is None:
                return count
    except (PermanentError, TransientError):
        return None
    return None


def _compared(layout: Layout) -> dict[str, Any]:
    """The report of `simulators reconcile`, an outsider; empty when there is none."""
    words = [
        *(sys.executable, "-m", "simulators", "reconcile"),
        *("--manifest", str(layout.manifest), "--log", str(layout.events)),
        *("--dump", f"http://127.0.0.1:{layout.ports.influxdb}"),
    ]
    try:
        done = subprocess.run(  # noqa: S603 -- a command of our own
            words,
            cwd=layout.directory,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_COMPARE_S,
            check=False,
            start_new_session=True,
        )
        report: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return {}
    return report
