"""How satisfied people are today, and were on the same day last week by this hour."""

from datetime import datetime, timedelta
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.numbers import NOTHING, count, percentage
from gateway.console.pages.panels.blocks import heading
from gateway.console.pages.visit import Visit

_WEEK: Final = timedelta(days=7)
_MINUTE: Final = timedelta(minutes=1)


class Today:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        words = visit.words
        with ui.element("section").classes("console-card w-3"):
            heading(words("satisfaction"))
            self._rate = ui.label(NOTHING).classes("console-figure")
            self._count = ui.label()
            self._change = ui.label().classes("console-number")
            self._before = ui.label().classes("console-quiet")

    async def look(self, age_s_max: float) -> None:
        """Up to the minute that has begun, so that pages may share an answer."""
        now = datetime.fromtimestamp(self._visit.now_ms() / 1000, self._visit.zone)
        now = now.replace(second=0, microsecond=0) + _MINUTE
        begun = now.replace(hour=0, minute=0, second=0, microsecond=0)
        today = await self._figures(age_s_max, begun, now)
        before = await self._figures(age_s_max, begun - _WEEK, now - _WEEK)
        words = self._visit.words
        self._rate.set_text(percentage(today["satisfaction_rate"]))
        rated = words("ratings_today", count=count(today["rated"]))
        self._count.set_text(rated if today["rated"] else words("no_ratings_yet"))
        self._change.set_text(self._changed(today, before))
        rate = percentage(before["satisfaction_rate"])
        rated = count(before["rated"])
        self._before.set_text(words("last_week", rate=rate, count=rated))

    def _changed(self, today: dict[str, Any], before: dict[str, Any]) -> str:
        rates = today["satisfaction_rate"], before["satisfaction_rate"]
        if None in rates:
            return ""
        points = float(rates[0]) - float(rates[1])
        if not round(points, 1):
            return self._visit.words("points_same")
        key = "points_up" if points > 0 else "points_down"
        return self._visit.words(key, points=f"{abs(points):.1f}")

    async def _figures(
        self, age_s_max: float, begun: datetime, end: datetime
    ) -> dict[str, Any]:
        period = {"from": begun.isoformat(), "to": end.isoformat()}
        answer = await self._visit.glance(age_s_max, "/statistics", **period)
        nothing = {"satisfaction_rate": None, "rated": 0}
        items: list[dict[str, Any]] = answer["items"]
        return items[0] if items else nothing
