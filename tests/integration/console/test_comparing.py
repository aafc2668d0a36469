"""Figures of today beside those of the same weekday last week, in one request."""

from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS


async def test_today_stands_beside_this_weekday_last_week(api: FoldedApi) -> None:
    api.world.rules(time_zone="Asia/Shanghai")
    for week, level in enumerate((1, 5)):
        api.world.publish("d-1", {"event_id": f"event-{week:02}", "level": level})
        api.world.clock.advance(7 * DAY_MS - 25)
    asked = {
        "from": "2026-11-28T00:00:00+08:00",
        "to": "2026-11-28T20:00:30+08:00",
        "previous_days": 7,
    }
    (item,) = (await api.get("/api/v1/statistics", **asked)).json()["items"]
    assert item["satisfaction_rate"] == "100.00"
    assert item["previous"]["satisfaction_rate"] == "0.00"
    assert item["trend"]["satisfaction_rate"] == "+100.00"
    earlier = {**asked, "previous_days": 1}
    (item,) = (await api.get("/api/v1/statistics", **earlier)).json()["items"]
    assert item["previous"]["rated"] == 0


async def test_what_cannot_be_compared_so_is_refused(api: FoldedApi) -> None:
    whole = {"from": "2026-11-28T00:00:00Z", "to": "2026-11-29T00:00:00Z"}
    for asked in (
        {"previous_days": 7},
        {**whole, "previous_days": 7, "group_by": "day"},
    ):
        answer = await api.get("/api/v1/statistics", **asked)
        assert answer.status_code == 422
        assert "previous_days" in answer.json()["detail"]
