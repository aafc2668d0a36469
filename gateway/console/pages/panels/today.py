"""How satisfied people are today, and were on the same day last week by this hour.

Both are whole hours, which are added up already: a part of one would be read rating by
rating, again and again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.numbers import NOTHING, count, percentage
from gateway.console.pages.panels.blocks import heading
from gateway.console.pages.visit import Visit

_WEEK: Final = timedelta(days=7)
_BEFORE_S_MAX: Final = 300.0
"""What was counted a week ago changes seldom."""
_NOTHING: Final[Mapping[str, Any]] = {"satisfaction_rate": None, "rated": 0}


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
        now = datetime.fromtimestamp(self._visit.now_ms() / 1000, self._visit.zone)
        hour = now.replace(minute=0, second=0, microsecond=0)
        begun = hour.replace(hour=0)
        today = await self._figures(age_s_max, begun)
        before = _NOTHING
        if begun < hour:
            before = await self._figures(_BEFORE_S_MAX, begun - _WEEK, hour - _WEEK)
        words = self._visit.words
        self._rate.set_text(percentage(today["satisfaction_rate"]))
        rated = words("ratings_today", count=count(today["rated"]))
        self._count.set_text(rated if today["rated"] else words("no_ratings_yet"))
        self._change.set_text(self._changed(today, before))
        rate = percentage(before["satisfaction_rate"])
        told = {"hour": f"{hour:%H:%M}", "rate": rate, "count": count(before["rated"])}
        self._before.set_text(words("last_week", **told))

    def _changed(self, today: Mapping[str, Any], before: Mapping[str, Any]) -> str:
        rates = today["satisfaction_rate"], before["satisfaction_rate"]
        if None in rates:
            return ""
        points = float(rates[0]) - float(rates[1])
        if not round(points, 1):
            return self._visit.words("points_same")
        key = "points_up" if points > 0 else "points_down"
        return self._visit.words(key, points=f"{abs(points):.1f}")

    async def _figures(
        self, age_s_max: float, begun: datetime, end: datetime | None = None
    ) -> Mapping[str, Any]:
        period = {"from": begun.isoformat()}
        if end is not None:
            period["to"] = end.isoformat()
        answer = await self._visit.glance(age_s_max, "/statistics", **period)
        figures: Mapping[str, Any] = answer["items"][0]
        return figures
