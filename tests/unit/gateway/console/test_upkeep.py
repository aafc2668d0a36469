"""A check of the data in a process of its own, and the configuration it runs with."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from gateway.clock import SteppedClock
from gateway.console import upkeep
from gateway.console.upkeep import Checks
from tests.support.api import Api, bearer

FINDING = '{"finding": {"name": "chain", "ok": %s, "detail": "3 blocks"}}'
PROGRESS = '{"progress": {"stage": "fold", "done": 2, "total": 5}}'
OK = FINDING % "true"


def script(*lines: str, then: str = "") -> list[str]:
    told = "".join(f"print({line!r}, flush=True)\n" for line in lines)
    return [sys.executable, "-c", f"import sys, time\n{told}{then}"]


@asynccontextmanager
async def running(*lines: str, then: str = "") -> AsyncIterator[Checks]:
    checks = Checks(script(*lines, then=then), SteppedClock(wall_ms=1_000))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(checks.run())
        yield checks
        task.cancel()


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not seen():  # noqa: ASYNC110 -- what a process tells sets no event
            await asyncio.sleep(0.01)


async def end_of(checks: Checks) -> None:
    assert checks.ask("eve")
    await until(lambda: checks.last.state != "running")


async def test_what_a_check_found_is_kept_with_who_asked_for_it() -> None:
    async with running(PROGRESS, OK) as checks:
        await end_of(checks)
    last = checks.last
    assert (last.state, last.ok, last.by) == ("done", True, "eve")
    assert [one.name for one in last.findings] == ["chain"]
    assert (last.progress, last.started_ms, last.ended_ms) == (None, 1_000, 1_000)


async def test_a_difference_is_no_failure_to_check() -> None:
    async with running(FINDING % "false", then="sys.exit(1)") as checks:
        await end_of(checks)
    assert (checks.last.state, checks.last.ok) == ("done", False)


@pytest.mark.parametrize(
    ("lines", "then", "error"),
    [
        ([OK], "sys.exit('no room\\nset TMPDIR')", "set TMPDIR"),
        ([OK], "import os; os.kill(os.getpid(), 9)", "it ended with code -9"),
        (["no json"], "", "could not be run"),
    ],
)
async def test_a_check_that_did_not_end_well_proves_nothing(
    lines: list[str], then: str, error: str
) -> None:
    async with running(*lines, then=then) as checks:
        await end_of(checks)
    assert (checks.last.state, checks.last.ok) == ("failed", None)
    assert error in str(checks.last.error)


async def test_one_runs_at_a_time_and_tells_how_far_it_is() -> None:
    async with running(PROGRESS, then="time.sleep(60)") as checks:
        assert checks.ask("eve")
        assert not checks.ask("bob")
        await until(lambda: checks.last.progress is not None)
        assert checks.last.state == "running"
    assert checks.last.progress is not None
    assert checks.last.progress.total == 5


async def test_it_ends_with_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    pids: list[int] = []
    monkeypatch.setattr(os, "setpriority", lambda _which, pid, _nice: pids.append(pid))
    async with running(PROGRESS, then="time.sleep(60)") as checks:
        checks.ask("eve")
        await until(lambda: checks.last.progress is not None)
    (pid,) = pids
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        pytest.fail("the check outlived the console")


async def test_one_that_takes_too_long_is_broken_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upkeep, "RUN_S_MAX", 0.5)
    async with running(PROGRESS, then="time.sleep(60)") as checks:
        await end_of(checks)
    assert (checks.last.state, checks.last.ok) == ("failed", None)


async def test_a_check_is_asked_for_once_and_told_of_by_the_api(api: Api) -> None:
    path = "/api/v1/verify"
    assert (await api.get(path)).json()["state"] == "never"
    started = await api.ask("POST", path)
    assert (started.status_code, started.json()["state"]) == (202, "running")
    again = await api.ask("POST", path)
    assert (again.status_code, again.json()["code"]) == (409, "already_running")
    assert (await api.get(path)).json()["by"] == "local"


async def test_operators_and_auditors_may_check_readers_may_not(api: Api) -> None:
    codes = {}
    for scope in ("read", "operate", "audit"):
        headers = bearer(api.tokens.create(scope, [scope], None, 0))
        answer = await api.ask("POST", "/api/v1/verify", headers=headers)
        codes[scope] = answer.status_code
    assert codes == {"read": 403, "operate": 202, "audit": 409}


async def test_the_configuration_is_for_administrators(api: Api) -> None:
    path = "/api/v1/configuration"
    assert (await api.get(path)).json()["settings"]["gateway"]["id"] == "evalgate"
    headers = bearer(api.tokens.create("clerk", ["operate", "audit"], None, 0))
    assert (await api.ask("GET", path, headers=headers)).status_code == 403
