"""The API over a ledger with two halls that have nothing to do with each other."""

from pathlib import Path
from typing import Final

from tests.support.folded_api import FoldedApi
from tests.support.folding import message

HERE: Final = "hall"
ELSEWHERE: Final = "zz-south"
"""Stands in every name of the other hall, and nowhere else."""

MONTH: Final = "2026-10"
BEAT: Final = {"battery_pct": 80, "rssi_dbm": -61, "key_counts": [1, 2]}


def two_halls(directory: Path) -> FoldedApi:
    """Each has departments, windows, devices, ratings, sessions, alerts and plans."""
    api = FoldedApi(directory)
    world = api.world
    sink = {"name": "main", "kind": "influxdb", "events": ["*"]}
    world.act("sinks_applied", {"sinks": [sink]})
    world.rules()
    for site in (HERE, ELSEWHERE):
        _organise(api, site)
        _work(api, site)
    world.take()
    return api


def names(site: str) -> dict[str, list[str]]:
    """What exists at a site, by the name of the parameter that asks for it."""
    return {
        "device_id": [f"d-{site}"],
        "rating_id": [f"d-{site}:event-{site}", f"event-{site}"],
        "subject": [f"d-{site}:event-{site}"],
        "session_key": [f"A-{site}"],
        "site": [site],
        "name": ["main"],
        "month": [MONTH],
        "plan_id": [f"plan-{site}"],
        "complaint_id": [f"d-{site}:event-{site}"],
        "step": ["contacted"],
    }


def _organise(api: FoldedApi, site: str) -> None:
    tables: dict[str, dict[str, str]] = {
        "sites": {"id": site, "name": f"The {site}"},
        "departments": {"id": f"dep-{site}", "name": f"Dep {site}", "site": site},
        "windows": {"id": f"w-{site}", "site": site, "department": f"dep-{site}"},
        "employees": {"id": f"e-{site}", "pseudonym": f"P {site}"},
        "bindings": {
            "device_id": f"d-{site}",
            "window": f"w-{site}",
            "employee": f"e-{site}",
            "from": "2026-01-01",
        },
        "closures": {
            "site": site,
            "from": "2026-12-24",
            "to": "2026-12-25",
            "reason": f"closed {site}",
        },
    }
    row = {"device_id": f"d-{site}", "site": site, "window": f"w-{site}"}
    api.world.settle("device_put", {"author": "test", "device": row})
    for table, one in tables.items():
        act = {"author": "test", "table": table, "rows": [one]}
        outcome = api.world.settle("registry_put", act)
        assert "error" not in outcome, outcome


def _work(api: FoldedApi, site: str) -> None:
    """What a day brings: presses good and bad, a comment, a fault, a bad message."""
    world, device = api.world, f"d-{site}"
    pressed = {"event_id": f"event-{site}", "level": 1, "session_id": f"A-{site}"}
    told = {"comment": f"slow {site}", "contact": {"kind": "other", "value": site}}
    world.publish(device, {**pressed, **told}, b"{" + site.encode())
    world.publish(device, {**pressed, "level": 2})
    world.publish(f"new-{site}", {"event_id": f"first-{site}", "level": 5})
    now_ms = world.clock.wall_ms()
    world.take(message(device, {"v": 1, **BEAT}, now_ms, "heartbeat"))
    faulty = {"v": 1, **BEAT, "faults": ["display"]}
    world.take(message(device, faulty, now_ms + 1, "heartbeat"))
    gone = {"v": 1, "state": "offline", "reason": "lost"}
    world.take(message(device, gone, now_ms + 2, "presence"))
    window = {"until_ms": now_ms + 3_600_000, "site": site, "reason": f"for {site}"}
    world.settle("maintenance_window_opened", {"author": "test", **window})
    plan = {"plan_id": f"plan-{site}", "scope": "site", "subject": site}
    plans = [{**plan, "every_days": 30, "checklist": [f"look-{site}"]}]
    outcome = world.settle("inspection_plan_put", {"author": "test", "plans": plans})
    assert "error" not in outcome, outcome
    drawn = {
        "volume": 1,
        "unrated_share": "0.30",
        "seed": f"seed-{site}",
        "rated": [f"{device}:event-{site}"],
        "unrated": [],
        "rated_shortfall": 0,
        "unrated_shortfall": 0,
        "site": site,
    }
    outcome = world.settle("sample_drawn", {"author": "test", **drawn})
    assert "error" not in outcome, outcome
    checked = {"device_id": device, "operator": f"op-{site}"}
    world.settle("inspection_recorded", {"author": "test", **checked})
