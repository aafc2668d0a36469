"""Every flag of the rules: folded, listed, found by name, with its evidence, counted.

Each case makes one flagged rating `event-flag` beside others; what the flag excludes
is kept out of the verified figures and comes back with `include_flagged`.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.ports import RecordFlag
from gateway.ratings.flags import EXCLUDING, FLAGS
from tests.support.folded_api import FoldedApi
from tests.support.folding import START_MS, FoldedLedger, element, message

NOON = START_MS  # 20:00 in Shanghai, a Saturday
SECOND = 1_000
MINUTE = 60 * SECOND
DEVICE = "eval-0001"
FLAGGED = "event-flag"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    yield api
    api.close()


def press(
    world: FoldedLedger, name: str, at_ms: int, level: int = 5, **fields: object
) -> None:
    body = element(name, level, occurred_at=at_ms, **fields)
    world.take(message(DEVICE, body, max(at_ms, NOON)))


def tell(world: FoldedLedger, number: str, action: str, at_ms: int) -> None:
    body = {"v": 1, "event_id": f"{number}-{action}", "session_id": number}
    body |= {"action": action, "occurred_at": at_ms}
    world.take(message(DEVICE, body, NOON, "session"))


def double_press(world: FoldedLedger) -> None:
    press(world, "event-0001", NOON)
    press(world, FLAGGED, NOON + 2 * SECOND)


def burst(world: FoldedLedger) -> None:
    for number in range(10):
        press(world, f"event-{number:04d}", NOON + number * 5_500 + number**2)
    press(world, FLAGGED, NOON + 59 * SECOND)


def multi_key(world: FoldedLedger) -> None:
    press(world, FLAGGED, NOON, level=5)
    press(world, "event-0001", NOON + 100, level=1)


def metronome(world: FoldedLedger) -> None:
    for number in range(5):
        press(world, f"event-{number:04d}", NOON + number * 20 * SECOND)
    press(world, FLAGGED, NOON + 100 * SECOND)


def held(world: FoldedLedger) -> None:
    press(world, FLAGGED, NOON, key_down_ms=10_001)


def too_fast(world: FoldedLedger) -> None:
    press(world, FLAGGED, NOON, prompt_delay_ms=299)


def after_departure(world: FoldedLedger) -> None:
    tell(world, "A1", "opened", NOON - 10 * MINUTE)
    tell(world, "A1", "ended", NOON - 5 * MINUTE)
    tell(world, "A2", "opened", NOON - 4 * MINUTE)
    press(world, FLAGGED, NOON, session_id="A1")


def out_of_session(world: FoldedLedger) -> None:
    tell(world, "A1", "opened", NOON - 10 * MINUTE)
    tell(world, "A1", "ended", NOON - 5 * MINUTE)
    press(world, FLAGGED, NOON)


def outside_hours(world: FoldedLedger) -> None:
    site = {"id": "hall", "name": "hall", "hours": "mon-sun 09:00-17:00"}
    world.act("tables_applied", {"table": "sites", "rows": [site]})
    row = {"device_id": DEVICE, "site": "hall"}
    world.act("tables_applied", {"table": "devices", "rows": [row]})
    press(world, FLAGGED, NOON, session_id="A1")


def late(world: FoldedLedger) -> None:
    tell(world, "A1", "ended", NOON - 30 * 24 * 60 * MINUTE)
    press(world, FLAGGED, NOON, session_id="A1")


def orphan(world: FoldedLedger) -> None:
    world.rules(session_mode="required")
    press(world, FLAGGED, NOON, session_id="A1")
    world.clock.advance(61 * MINUTE)
    world.take()


def repeat(world: FoldedLedger) -> None:
    for number in (1, 2):
        press(world, f"event-{number:04d}", NOON + number * MINUTE, session_id="A1")
    press(world, FLAGGED, NOON + 20 * MINUTE, session_id="A1")


def raised_at_counter(world: FoldedLedger) -> None:
    row = {"device_id": DEVICE, "site": "hall", "window": "3"}
    world.act("tables_applied", {"table": "devices", "rows": [row]})
    press(world, "event-0001", NOON, level=2, session_id="A1")
    press(world, FLAGGED, NOON + MINUTE, session_id="A1")


def seq_reused(world: FoldedLedger) -> None:
    press(world, "event-0001", NOON, seq=7)
    press(world, FLAGGED, NOON + MINUTE, seq=7)


def employee_mismatch(world: FoldedLedger) -> None:
    row = {"device_id": DEVICE, "employee": "0042", "from": "2026-01-01"}
    world.act("tables_applied", {"table": "bindings", "rows": [row]})
    press(world, FLAGGED, NOON, employee_id="0007")


def time_uncertain(world: FoldedLedger) -> None:
    flags = RecordFlag.BACKLOG.value
    world.take(message(DEVICE, element(FLAGGED), NOON, flags=flags))


CASES: dict[str, tuple[Callable[[FoldedLedger], None], dict[str, Any]]] = {
    "double_press": (
        double_press,
        {"apart_ms": 2_000, "counts": "eval-0001:event-0001"},
    ),
    "burst": (burst, {"presses": 11, "within_ms": 60_000}),
    "multi_key": (multi_key, {"other_key": 1, "apart_ms": 100}),
    "stuck_key": (held, {"key": 5, "held_ms": 10_001}),
    "metronome": (metronome, {"key": 5, "every_ms": 20_000}),
    "too_fast": (too_fast, {"prompt_delay_ms": 299}),
    "after_departure": (
        after_departure,
        {"next_opened_at": "2026-11-21T11:56:00.000Z"},
    ),
    "out_of_session": (out_of_session, {"occurred_at": "2026-11-21T12:00:00.000Z"}),
    "outside_hours": (
        outside_hours,
        {
            "closed_at": "2026-11-20T09:00:00.000Z",
            "opens_at": "2026-11-23T01:00:00.000Z",
        },
    ),
    "late": (late, {"deadline_at": "2026-10-29T16:00:00.000Z"}),
    "orphan": (orphan, {"received_at": "2026-11-21T12:00:00.000Z"}),
    "repeat": (repeat, {"counts": "eval-0001:event-0002"}),
    "raised_at_counter": (
        raised_at_counter,
        {"first": "eval-0001:event-0001", "from_level": 2, "after_ms": 60_000},
    ),
    "seq_reused": (seq_reused, {"seq": 7}),
    "employee_mismatch": (employee_mismatch, {"named": "0007", "bound": "0042"}),
    "time_uncertain": (time_uncertain, {"received_at": "2026-11-21T12:00:00.000Z"}),
}


async def ask(api: FoldedApi, path: str, **query: object) -> Any:  # noqa: ANN401 -- a body
    answer = await api.get(f"/api/v1/{path}", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def rated(api: FoldedApi, **query: object) -> int:
    items = (await ask(api, "statistics", **query))["items"]
    return sum(one["rated"] for one in items)


@pytest.mark.parametrize("case", CASES)
async def test_a_flag_has_its_evidence_and_excludes_or_not(
    api: FoldedApi, case: str
) -> None:
    happens, evidence = CASES[case]
    flag = "stuck_key" if case == "metronome" else case
    happens(api.world)
    whole = await ask(api, f"ratings/{DEVICE}:{FLAGGED}")
    assert whole["flags"] == [flag]
    assert whole["evidence"] == {flag: evidence}
    found = (await ask(api, "ratings", flag=flag))["items"]
    assert FLAGGED in [one["event_id"] for one in found]
    items = (await ask(api, "ratings"))["items"]
    effective = [one for one in items if one["effective"]]
    kept_out = [one for one in effective if EXCLUDING.intersection(one["flags"])]
    assert await rated(api, include_flagged=True) == len(effective)
    assert await rated(api) == len(effective) - len(kept_out)
    own = next(one for one in items if one["event_id"] == FLAGGED)
    assert (own in kept_out) == (flag in EXCLUDING and own["effective"])
    again = api.world.refolded(blocks=8)
    rows = "SELECT event_id, flags, details FROM rating ORDER BY place"
    assert again.all(rows) == api.world.all(rows)
    again.close()


def test_every_flag_has_its_case() -> None:
    elsewhere = {"press_test", "derived_id"}  # with the tests of what sets them
    assert (CASES.keys() - {"metronome"}) | elsewhere == FLAGS


async def test_a_table_holds_for_ratings_from_its_record_on(api: FoldedApi) -> None:
    too_fast(api.world)
    api.world.rules(excluding_flags=["orphan"])
    press(api.world, "event-0002", NOON + MINUTE, prompt_delay_ms=1)
    assert await rated(api) == 1
    assert await rated(api, include_flagged=True) == 2
    api.world.rules()
    press(api.world, "event-0003", NOON + 2 * MINUTE, prompt_delay_ms=1)
    assert await rated(api) == 1


async def test_an_orphan_is_told_and_kept_out_where_the_table_says_so(
    api: FoldedApi,
) -> None:
    api.world.rules(session_mode="required", excluding_flags=["orphan"])
    press(api.world, "event-0001", NOON, session_id="A1")
    assert await rated(api) == 1
    api.world.clock.advance(61 * MINUTE)
    api.world.append([])
    assert await rated(api) == 0
    assert await rated(api, include_flagged=True) == 1
    assert api.world.told()[-1] == ("amended", "event-0001", 1)
    tell(api.world, "A1", "opened", NOON - SECOND)
    assert await rated(api) == 1


async def test_a_new_session_between_two_presses_is_another_customer(
    api: FoldedApi,
) -> None:
    double_press(api.world)
    assert await rated(api) == 1
    tell(api.world, "A1", "opened", NOON + SECOND)
    assert await rated(api) == 2
    (flags,) = (await ask(api, f"ratings/{DEVICE}:{FLAGGED}"))["flags"] or ("none",)
    assert flags == "none"


async def test_of_presses_without_a_number_the_last_may_count(api: FoldedApi) -> None:
    api.world.rules(multi_press="last")
    double_press(api.world)
    first = await ask(api, f"ratings/{DEVICE}:event-0001")
    assert first["flags"] == ["double_press"]
    assert (await ask(api, f"ratings/{DEVICE}:{FLAGGED}"))["flags"] == []
    assert await rated(api) == 1


@pytest.mark.parametrize("case", ["stuck_key", "metronome"])
async def test_a_stuck_key_is_a_fault_of_its_device(api: FoldedApi, case: str) -> None:
    CASES[case][0](api.world)
    device = await ask(api, f"devices/{DEVICE}")
    assert [one["code"] for one in device["reasons"]] == ["stuck_key"]
    (alert,) = (await ask(api, "alerts"))["items"]
    assert (alert["cause"], alert["device_id"]) == ("stuck_key", DEVICE)
    for hours in (0.5, 2):
        beat = {"v": 1, "uptime_s": 60}
        at_ms = NOON + int(hours * 60 * MINUTE)
        api.world.take(message(DEVICE, beat, at_ms, "heartbeat"))
        reasons = (await ask(api, f"devices/{DEVICE}"))["reasons"]
        assert bool(reasons) == (hours < 1)


async def test_a_later_flag_is_told_as_an_amendment(api: FoldedApi) -> None:
    multi_key(api.world)
    told = [
        (event.type, event.version, event.flags)
        for event in api.world.ratings_told()
        if event.event_id == FLAGGED
    ]
    assert told == [
        ("rating.recorded", 1, ()),
        ("rating.amended", 2, ("multi_key",)),
    ]
