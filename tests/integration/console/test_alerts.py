"""Alerts through the API: their history, who resolves them, when nobody is told."""

import pytest

from tests.support.folded_api import FoldedApi

SOON = "2026-11-21T13:00:00Z"
TOO_LATE = "2026-11-22T13:00:00Z"


@pytest.fixture
def alert_id(api: FoldedApi) -> int:
    api.world.act("session_lost", {})
    number: int = api.world.one("SELECT id FROM alert")
    return number


async def test_one_alert_is_shown_with_who_did_what(
    api: FoldedApi, alert_id: int
) -> None:
    path = f"/api/v1/alerts/{alert_id}"
    await api.post(f"{path}/confirm", {"reason": "on my way"})
    await api.post(f"{path}/resolve", {"reason": "the disk was full"})
    shown = (await api.get(path)).json()
    assert [(one["what"], one["by"], one["text"]) for one in shown["history"]] == [
        ("opened", None, LOST),
        ("confirmed", "local", "on my way"),
        ("resolved", "local", "the disk was full"),
    ]
    assert (shown["state"], shown["confirmed_by"]) == ("resolved", "local")
    assert shown["resolved_at"] > shown["opened_at"]
    assert "resolve it" in shown["advice"]
    assert (shown["subject"], shown["figures"]) == ("broker", {})
    assert (await api.get("/api/v1/alerts/99")).status_code == 404


LOST = "the broker lost our session: its queue is gone, unless terminals resend"


async def test_what_still_stands_is_not_resolved_by_a_person(api: FoldedApi) -> None:
    api.world.act("sink_state_changed", {"name": "main", "state": "open"})
    answer = await api.post("/api/v1/alerts/1/resolve", None)
    assert answer.status_code == 409
    assert "by itself" in answer.json()["detail"]


async def test_alerts_are_chosen_by_severity_and_moment(
    api: FoldedApi,
) -> None:
    api.world.act("session_lost", {})
    api.world.act("sink_state_changed", {"name": "main", "state": "open"})

    async def found(**query: str) -> list[str]:
        items = (await api.get("/api/v1/alerts", **query)).json()["items"]
        return [one["cause"] for one in items]

    assert await found(severity="warning") == ["sink"]
    assert await found(severity="critical") == ["session_lost"]
    assert await found(**{"from": SOON}) == []
    assert await found(to=SOON) == ["sink", "session_lost"]
    assert (await api.get("/api/v1/alerts", severity="huge")).status_code == 422


async def test_a_maintenance_window_is_opened_listed_and_ended(api: FoldedApi) -> None:
    api.world.act("tables_applied", {"table": "sites", "rows": [{"id": "hall"}]})
    path = "/api/v1/maintenance-windows"
    done = await api.post(path, {"site": "hall", "until": SOON, "reason": "wiring"})
    assert done.json()["outcome"] == {"id": 1, "until": "2026-11-21T13:00:00.000Z"}
    (window,) = (await api.get(path, at="2026-11-21T12:30:00Z")).json()["items"]
    assert (window["site"], window["author"]) == ("hall", "local")
    assert window["until"] == "2026-11-21T13:00:00.000Z"
    assert (await api.get(path, device="d-1")).json()["items"] == []
    assert (await api.post(f"{path}/1/end", None)).status_code == 200
    assert (await api.get(path, at="2026-11-21T12:30:00Z")).json()["items"] == []
    assert (await api.post(f"{path}/1/end", None)).status_code == 409
    assert (await api.post(f"{path}/7/end", None)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"site": "hall", "until": TOO_LATE},
        {"site": "hall"},
        {"until": SOON},
        {"site": "hall", "until": SOON, "form": SOON},
    ],
)
async def test_a_window_that_nobody_can_mean_is_refused(
    api: FoldedApi, body: dict[str, str]
) -> None:
    api.world.act("tables_applied", {"table": "sites", "rows": [{"id": "hall"}]})
    answer = await api.post("/api/v1/maintenance-windows", body)
    assert answer.status_code == 422
